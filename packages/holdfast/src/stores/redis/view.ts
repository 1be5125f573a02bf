/** From what `look.lua` answers to the line as core knows it. */
import type { HeldClaim, Line, LineClaim, LingeringClaim, WaitingClaim } from '../../line/line.ts'
import { viewOf } from '../../line/view.ts'
import type { LineView } from '../../store/line-view.ts'
import { replyFields } from '../redis-driver/answers.ts'

/** The version of a line without claims that no script has written since it was there. */
const UNWRITTEN = '0'
/** Both forms of a line are described in record.lua. */
const COMPACT = /^([hHlL])\|(\d+)\|([^|]+)\|(\d+)\|(\d)\|(\d+)\|(\d+)\|(\d+)\|(\d+)\|([^|]*)\|(\d+)\|/
/** Before the id of each waiter in the index. */
const ORDER_MARK = 'o:'

type LineFields = ReadonlyMap<string, string>

interface SeenLine {
  readonly line: Line
  /** What observers compare. */
  readonly version: string
}

export function viewOfAnswer(resource: string, answer: unknown): LineView {
  const [now, flat, order] = Array.isArray(answer) ? (answer as readonly unknown[]) : []
  const fields = fieldsOf(replyFields(flat))
  const compact = fields.get('a')
  const { line, version } = compact === undefined ? expanded(fields, replyFields(order)) : onlyClaim(compact, fields)
  return viewOf(resource, line, { nowMs: Number(now) / 1000, tokenScaleUs: 0n }, version)
}

function fieldsOf(flat: readonly string[]): LineFields {
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < flat.length; index += 2) fields.set(flat[index] ?? '', flat[index + 1] ?? '')
  return fields
}

function onlyClaim(compact: string, fields: LineFields): SeenLine {
  const [head = '', letter = '', token = '0', id = '', ttl, provisional, delay, weight, ...rest] =
    COMPACT.exec(compact) ?? []
  const [changes, capacity, channel, length] = rest
  const state = letter.toLowerCase()
  // Redis counts the bytes of the owner.
  const texts = Buffer.from(compact.slice(head.length))
  const words: ClaimWords = {
    id,
    state,
    token,
    weight,
    ends: fields.get('x'),
    delay,
    ttl,
    provisional,
    channel,
    capacity: Number(capacity),
    owner: texts.toString('utf8', 0, Number(length)),
    note: texts.toString('utf8', Number(length)),
    reason: fields.get('e'),
  }
  return { line: { lastToken: BigInt(token), claims: [claimOf(words)] }, version: `${state}${token}.${changes}` }
}

/** Claims that hold or linger stand in the order of their tokens, which is the order in which they came. */
function expanded(fields: LineFields, order: readonly string[]): SeenLine {
  const capacity = Number(fields.get('c') ?? 0)
  const claims: LineClaim[] = []
  for (const [field, text] of fields) {
    if (!field.startsWith('r:') || text === '') continue
    const id = field.slice(2)
    const [state = '', token = '0', weight, ends, delay, ttl, provisional, , channel] = text.split('|')
    const [owner, note, reason] = [fields.get(`w:${id}`), fields.get(`n:${id}`), fields.get(`e:${id}`)]
    const said = { owner: owner ?? '', note: note ?? '', reason }
    claims.push(claimOf({ id, state, token, weight, ends, delay, ttl, provisional, channel, capacity, ...said }))
  }
  const place = new Map(order.map((member, index) => [member.slice(ORDER_MARK.length), index]))
  const placeOf = (claim: LineClaim): number => place.get(claim.id) ?? -1
  claims.sort((one, other) => {
    if (one.state === 'waiting' || other.state === 'waiting') return placeOf(one) - placeOf(other)
    return one.token < other.token ? -1 : 1
  })
  return { line: { lastToken: BigInt(fields.get('t') ?? 0), claims }, version: fields.get('v') ?? UNWRITTEN }
}

/** Of a claim, as Redis has them: numbers are text, times are µs. */
interface ClaimWords {
  readonly id: string
  readonly state: string
  readonly token: string
  readonly weight: string | undefined
  readonly ends: string | undefined
  readonly delay: string | undefined
  readonly ttl: string | undefined
  readonly provisional: string | undefined
  readonly channel: string | undefined
  readonly capacity: number
  readonly owner: string
  readonly note: string
  readonly reason: string | undefined
}

function claimOf(words: ClaimWords): LineClaim {
  const { id, state, capacity, owner, note, reason } = words
  const token = BigInt(words.token)
  const base = {
    id,
    weight: Number(words.weight),
    capacity,
    ttlMs: Number(words.ttl) / 1000,
    lockDelayMs: Number(words.delay) / 1000,
    endsAtMs: Number(words.ends) / 1000,
    owner,
    note,
    channel: words.channel ?? '',
  }
  if (state === 'w') return { ...base, state: 'waiting' } satisfies WaitingClaim
  if (state === 'h')
    return { ...base, state: 'held', token, provisional: words.provisional === '1' } satisfies HeldClaim
  const lingering: LingeringClaim = { ...base, state: 'lingering', token }
  return reason === undefined ? lingering : { ...lingering, reason }
}
