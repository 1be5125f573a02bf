/** A claim as the value of its key. */
import type { Claim } from '../../store/claim.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { WholeEntry } from '../sessions/engine.ts'
import type { KeyValue } from '../etcd-driver/messages.ts'
import { idOf } from './keys.ts'

export interface ClaimText {
  readonly weight: number
  readonly capacity: number
  readonly delayMs: number
  /** The base of the tokens when it entered. */
  readonly base: bigint
  readonly owner: string
  readonly note: string
  readonly isLingering: boolean
}

/** For `evict`. */
export interface ReadState {
  readonly text: ClaimText
  readonly modRevision: bigint
  readonly lease: bigint
}

export function claimTextOf(claim: Claim, base: bigint): ClaimText {
  const { weight, capacity, lockDelayMs: delayMs, owner, note } = claim
  return { weight, capacity, delayMs, base, owner, note, isLingering: false }
}

export function encodeClaim({ base, ...text }: ClaimText): string {
  return JSON.stringify({ ...text, base: String(base) })
}

/** What is damaged ends nothing: it stays as it is, and the line is refused. */
export function decodeClaim({ key, value }: KeyValue): ClaimText {
  let text: unknown
  try {
    text = JSON.parse(value)
  } catch {
    text = undefined
  }
  if (!isClaimText(text)) {
    const words = `the value of ${JSON.stringify(key)} is no claim of Holdfast: delete the key, or choose another prefix`
    throw new StoreUnavailable(words, { isFinal: true })
  }
  return { ...text, base: BigInt(text.base) }
}

export function tokenOf({ base }: ClaimText, createRevision: bigint): bigint {
  return base + createRevision
}

export function entryOf(kv: KeyValue): WholeEntry {
  const text = decodeClaim(kv)
  const { weight, capacity, isLingering, owner, note } = text
  const version: ReadState = { text, modRevision: kv.modRevision, lease: kv.lease }
  const token = tokenOf(text, kv.createRevision)
  return { key: kv.key, id: idOf(kv.key), weight, capacity, isLingering, token, owner, note, version }
}

/** With what is left of its lease. One whose holder has stopped believing lingers for its lock-delay. */
export function entryWithEnd(kv: KeyValue, leftSeconds: number | undefined): WholeEntry {
  const entry = entryOf(kv)
  if (leftSeconds === undefined || leftSeconds < 0) return entry
  const { delayMs } = decodeClaim(kv)
  // It was rounded down: a holder that lives is never shown as one that lingers.
  const isLingering = entry.isLingering || (leftSeconds + 1) * 1000 <= delayMs
  const endsInMs = leftSeconds * 1000 - (isLingering ? 0 : delayMs)
  return { ...entry, isLingering, endsInMs: Math.max(0, endsInMs) }
}

const KINDS = { weight: 'number', capacity: 'number', delayMs: 'number', owner: 'string', note: 'string' } as const

function isClaimText(value: unknown): value is Omit<ClaimText, 'base'> & { readonly base: string } {
  if (typeof value !== 'object' || value === null) return false
  const isWhole = Object.entries(KINDS).every(([name, kind]) => typeof Reflect.get(value, name) === kind)
  const base: unknown = Reflect.get(value, 'base')
  const isLingering: unknown = Reflect.get(value, 'isLingering')
  return isWhole && typeof isLingering === 'boolean' && typeof base === 'string' && /^-?\d{1,19}$/.test(base)
}
