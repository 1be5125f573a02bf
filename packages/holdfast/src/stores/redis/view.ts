/** From what `look.lua` answers to the line as core knows it. */
import type { HeldClaim, Line, LineClaim, LingeringClaim, WaitingClaim } from '../../core/line.ts'
import { viewOf } from '../../core/line-view.ts'
import type { LineView } from '../../core/store.ts'
import { wordsOf } from '../shared/redis/answers.ts'

const NOBODY = '0'

export function viewOfAnswer(resource: string, answer: unknown): LineView {
  const [now, flat, order] = Array.isArray(answer) ? (answer as readonly unknown[]) : []
  const fields = fieldsOf(wordsOf(flat))
  const line = lineOf(fields, wordsOf(order))
  const moment = { nowMs: Number(now) / 1000, tokenScaleUs: 0n }
  return viewOf(resource, line, moment, fields.get('v') ?? NOBODY)
}

function fieldsOf(flat: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < flat.length; index += 2) fields.set(flat[index] ?? '', flat[index + 1] ?? '')
  return fields
}

/** Claims that hold or linger stand in the order of their tokens, which is the order in which they came. */
function lineOf(fields: ReadonlyMap<string, string>, order: readonly string[]): Line {
  const capacity = Number(fields.get('c') ?? 0)
  const lastToken = BigInt(fields.get('t') ?? 0)
  const solo = fields.get('s') ?? ''
  if (solo !== '') return { lastToken, claims: [claimOf(fields, solo, '', capacity)] }
  const claims: LineClaim[] = []
  for (const field of fields.keys()) {
    if (field.startsWith('r:')) claims.push(claimOf(fields, field.slice(2), field.slice(1), capacity))
  }
  const place = new Map(order.map((id, index) => [id, index]))
  const placeOf = (claim: LineClaim): number => place.get(claim.id) ?? -1
  claims.sort((one, other) => {
    if (one.state === 'waiting' || other.state === 'waiting') return placeOf(one) - placeOf(other)
    return one.token < other.token ? -1 : 1
  })
  return { lastToken, claims }
}

/** `suffix` is empty for a line of one claim, whose fields have no id in their names. */
function claimOf(fields: ReadonlyMap<string, string>, id: string, suffix: string, capacity: number): LineClaim {
  const [state, token, weight, endsAtUs, delayUs, ttlUs, provisional, channel = ''] = (
    fields.get(`r${suffix}`) ?? ''
  ).split('|')
  const base = {
    id,
    weight: Number(weight),
    capacity,
    ttlMs: Number(ttlUs) / 1000,
    lockDelayMs: Number(delayUs) / 1000,
    endsAtMs: Number(endsAtUs) / 1000,
    owner: fields.get(`w${suffix}`) ?? '',
    note: fields.get(`n${suffix}`) ?? '',
    channel,
  }
  if (state === 'w') return { ...base, state: 'waiting' } satisfies WaitingClaim
  if (state === 'h') {
    return { ...base, state: 'held', token: BigInt(token ?? 0), provisional: provisional === '1' } satisfies HeldClaim
  }
  const reason = fields.get(`e${suffix}`)
  const lingering: LingeringClaim = { ...base, state: 'lingering', token: BigInt(token ?? 0) }
  return reason === undefined ? lingering : { ...lingering, reason }
}
