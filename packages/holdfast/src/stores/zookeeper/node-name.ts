/** A claim as the name of its node: short, because a line is read by its names, and all that the rule needs. */
import type { Claim } from '../../store/claim.ts'
import { StoreUnavailable } from '../../store/errors.ts'

/** Enough to find the claim by; its node has the whole id. */
const ID_LENGTH = 8
/** `weight.capacity.id-sequence`. The sequence counts in 32 bits and may have passed zero. */
const CLAIM = /^(\d+)\.(\d+)\.(\w+)-(-?\d+)$/
/** `~.weight.capacity.ms.id`: the weight of a claim that ended, for so long. */
const REMAINDER = /^~\.(\d+)\.(\d+)\.(\d+)\.(\w+)$/
const PLAIN = '1.1.'

export interface NodeName {
  readonly name: string
  readonly weight: number
  readonly capacity: number
  /** The whole id of what lingers, of a claim its beginning. */
  readonly id: string
  /** Undefined for what lingers: it counts in front of everything. */
  readonly sequence: number | undefined
  /** How long it lingers, from when it was made. */
  readonly keepMs: number
}

/** Of a node that gets its sequence from ZooKeeper. */
export function nameBegin({ weight, capacity, id }: Claim): string {
  return `${weight}.${capacity}.${id.slice(0, ID_LENGTH)}-`
}

export function remainderName({ weight, capacity, id }: Pick<Claim, 'weight' | 'capacity' | 'id'>, ms: number): string {
  return `~.${weight}.${capacity}.${ms}.${id}`
}

/** Whether the node may be the claim with this id. */
export function mayBe({ id }: NodeName, claimId: string): boolean {
  return claimId.startsWith(id)
}

export function isPlainName(name: string): boolean {
  return name.startsWith(PLAIN)
}

export function sequenceOf(name: string): number {
  return Number(name.slice(name.indexOf('-') + 1))
}

/** How far one is behind another: sequences count in 32 bits and begin anew behind the highest. */
export function distance(sequence: number, other: number): number {
  return (sequence - other) | 0
}

/** In the order of the line. What is damaged ends nothing: it stays as it is, and the line is refused. */
export function lineOrder(names: readonly string[]): readonly NodeName[] {
  return names.map(parsed).toSorted((one, other) => {
    if (one.sequence === undefined || other.sequence === undefined) {
      return Number(one.sequence !== undefined) - Number(other.sequence !== undefined)
    }
    return distance(one.sequence, other.sequence)
  })
}

function parsed(name: string): NodeName {
  const [, weight, capacity, id, sequence] = CLAIM.exec(name) ?? []
  if (id !== undefined) {
    return { name, weight: Number(weight), capacity: Number(capacity), id, sequence: Number(sequence), keepMs: 0 }
  }
  const [, kept, keptOf, ms, keptId] = REMAINDER.exec(name) ?? []
  if (keptId === undefined) {
    const words = `the node ${JSON.stringify(name)} is no claim of Holdfast: delete it, or choose another root`
    throw new StoreUnavailable(words, { isFinal: true })
  }
  return { name, weight: Number(kept), capacity: Number(keptOf), id: keptId, sequence: undefined, keepMs: Number(ms) }
}
