/** The data of a claim's node: what only people, an eviction and a search by the whole id need. */
import type { Claim } from '../../store/claim.ts'
import { StoreUnavailable } from '../../store/errors.ts'

export interface ClaimData {
  readonly id: string
  readonly delayMs: number
  /** The token of what lingers; of a claim, what is added to its transaction. */
  readonly base: bigint
  readonly owner: string
  readonly note: string
}

export function claimDataOf({ id, lockDelayMs: delayMs, owner, note }: Claim, base: bigint): ClaimData {
  return { id, delayMs, base, owner, note }
}

export function encodeData({ base, ...data }: ClaimData): Buffer {
  return Buffer.from(JSON.stringify({ ...data, base: String(base) }))
}

/** What is damaged ends nothing: it stays as it is, and the line is refused. */
export function decodeData(name: string, bytes: Buffer): ClaimData {
  let data: unknown
  try {
    data = JSON.parse(String(bytes))
  } catch {
    data = undefined
  }
  if (!isData(data)) {
    const words = `the data of ${JSON.stringify(name)} is no claim of Holdfast: delete the node, or choose another root`
    throw new StoreUnavailable(words, { isFinal: true })
  }
  return { ...data, base: BigInt(data.base) }
}

const KINDS = { id: 'string', delayMs: 'number', owner: 'string', note: 'string' } as const

function isData(value: unknown): value is Omit<ClaimData, 'base'> & { readonly base: string } {
  if (typeof value !== 'object' || value === null) return false
  const isWhole = Object.entries(KINDS).every(([name, kind]) => typeof Reflect.get(value, name) === kind)
  const base: unknown = Reflect.get(value, 'base')
  return isWhole && typeof base === 'string' && /^-?\d{1,19}$/.test(base)
}
