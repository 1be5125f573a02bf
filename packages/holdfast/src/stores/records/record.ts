/**
 * One line as text in a row: a JSON array of the observers and then of the claims, each a tuple; nothing at all when idle.
 * A second line of text sums up the waiters that are rows of their own, where there are any.
 */
import type { HeldClaim, LineClaim, WaitingClaim } from '../../line/line.ts'
import type { LineRecord } from './engine.ts'
import type { WaiterSummary } from './thin-line.ts'

/** The fields in the order of the tuple. `extra` is `provisional` of a held and the reason of a lingering claim. */
type ClaimFields = readonly [
  state: LineClaim['state'],
  id: string,
  weight: number,
  capacity: number,
  ttlMs: number,
  lockDelayMs: number,
  endsAtMs: number,
  channel: string,
  owner: string,
  note: string,
  token?: string,
  extra?: boolean | string,
]
const FIELDS_MIN = 10
/** Ids become parts of messages between processes: one word of printable ASCII, without a slash. */
const ID = /^[\x21-\x2e\x30-\x7e]{1,200}$/

export const IDLE_RECORD = ''

export function withoutClaims(lastToken: bigint): LineRecord {
  return { line: { lastToken, claims: [] }, observers: [] }
}

export function encodeRecord(record: LineRecord): string {
  const { waiters } = record
  return waiters === undefined ? encodedClaims(record) : `${encodedClaims(record)}\n${encodedSummary(waiters)}`
}

function encodedSummary({ rows, weight, sequence, endsAtMs, lastEndsAtMs }: WaiterSummary): string {
  return JSON.stringify([rows, weight, sequence, endsAtMs, lastEndsAtMs])
}

function encodedClaims({ line, observers }: LineRecord): string {
  if (line.claims.length === 0 && observers.length === 0) return IDLE_RECORD
  let text =
    observers.length === 0 ? '[[]' : `[${JSON.stringify(observers.map(({ channel, untilMs }) => [channel, untilMs]))}`
  const isLong = line.claims.length >= LONG_LINE
  for (const claim of line.claims) text += `,${isLong ? encodedOnce(claim) : encodeClaim(claim)}`
  return `${text}]`
}

/** The record of a line in which this claim alone holds, cut where the moment of its end and its token stand. */
export function heldRecord(claim: HeldClaim): readonly [untilEnd: string, untilToken: string, rest: string] {
  const [state, id, weight, capacity, ttlMs, lockDelayMs, , ...words] = fieldsOf(claim)
  const before = JSON.stringify([state, id, weight, capacity, ttlMs, lockDelayMs]).slice(0, -1)
  const between = JSON.stringify(words.slice(0, 3)).slice(1, -1)
  return [`[[],${before},`, `,${between},"`, `",${claim.provisional}]]`]
}

/** Throws `SyntaxError` for text that `encodeRecord` never makes. */
export function decodeRecord(text: string, lastToken: bigint): LineRecord {
  const end = text.indexOf('\n')
  if (end < 0) return decodedClaims(text, lastToken)
  const numbers: unknown = JSON.parse(text.slice(end))
  if (!Array.isArray(numbers) || !numbers.every(Number.isFinite)) throw new SyntaxError('not a summary')
  const [rows, weight, sequence, endsAtMs, lastEndsAtMs] = numbers as [number, number, number, number, number]
  const waiters: WaiterSummary = { rows, weight, sequence, endsAtMs, lastEndsAtMs }
  return { ...decodedClaims(text.slice(0, end), lastToken), waiters }
}

/** A waiting claim that is a row of its own. Its end stands beside it in the row. */
export function decodeWaiter(text: string, endsAtMs: number): WaitingClaim {
  const claim = decodeClaim(JSON.parse(text))
  if (claim.state !== 'waiting') throw new SyntaxError('not a waiting claim')
  return { ...claim, endsAtMs }
}

function decodedClaims(text: string, lastToken: bigint): LineRecord {
  if (text === IDLE_RECORD) return withoutClaims(lastToken)
  const parts: unknown = JSON.parse(text)
  if (!Array.isArray(parts)) throw new SyntaxError('not a record')
  const [observers, ...claims] = parts as [unknown, ...unknown[]]
  if (!Array.isArray(observers)) throw new SyntaxError('not a record')
  return {
    line: { lastToken, claims: claims.map(decodeClaim) },
    observers: observers.map(([channel, untilMs]: [string, number]) => ({ channel, untilMs })),
  }
}

function decodeClaim(fields: unknown): LineClaim {
  if (!Array.isArray(fields) || fields.length < FIELDS_MIN) throw new SyntaxError('not a claim')
  const [state, id, weight, capacity, ttlMs, lockDelayMs, endsAtMs, channel, owner, note, token, extra] =
    fields as unknown as ClaimFields
  if (typeof id !== 'string' || !ID.test(id)) throw new SyntaxError('not an id')
  const base = { id, weight, capacity, ttlMs, lockDelayMs, note, owner, channel, endsAtMs }
  switch (state) {
    case 'waiting':
      return { ...base, state }
    case 'held':
      return { ...base, state, token: BigInt(token ?? 'none'), provisional: extra === true }
    case 'lingering':
      return { ...base, state, token: BigInt(token ?? 'none'), ...(typeof extra === 'string' ? { reason: extra } : {}) }
    default:
      throw new SyntaxError('not a state')
  }
}

// A step changes one claim or two and hands the others on as they are: in a long line this saves nearly all of the
// work, and in a short one it would cost more than it saves.
const textOf = new WeakMap<LineClaim, string>()
const LONG_LINE = 16

function encodedOnce(claim: LineClaim): string {
  let text = textOf.get(claim)
  if (text === undefined) textOf.set(claim, (text = encodeClaim(claim)))
  return text
}

export function encodeClaim(claim: LineClaim): string {
  return JSON.stringify(fieldsOf(claim))
}

function fieldsOf(claim: LineClaim): ClaimFields {
  const { state, id, weight, capacity, ttlMs, lockDelayMs, endsAtMs, channel, owner, note } = claim
  const common = [state, id, weight, capacity, ttlMs, lockDelayMs, endsAtMs, channel, owner, note] as const
  if (claim.state === 'waiting') return common
  const token = String(claim.token)
  if (claim.state === 'held') return [...common, token, claim.provisional]
  return claim.reason === undefined ? [...common, token] : [...common, token, claim.reason]
}
