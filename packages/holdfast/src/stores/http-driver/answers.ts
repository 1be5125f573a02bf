/** What a Holdfast server answers, as the seam says it. An answer of another shape is none: what it means is not known. */
import { CLASS_ORDER, type Facts } from '../../store/facts.ts'
import type { ClaimView, LineView, ResourcePage } from '../../store/line-view.ts'
import type { Standing } from '../../store/standing.ts'
import type { Stamp } from '../../time/clock.ts'

type Json = Readonly<Record<string, unknown>>

const TOKEN = /^[1-9]\d{0,18}$/
const STATES: ReadonlySet<unknown> = new Set<ClaimView['state']>(['held', 'waiting', 'lingering'])
const REFUSALS: ReadonlySet<unknown> = new Set(['busy', 'capacity', 'full'])

/** `sentAt`: before the request was sent. `nowMs`: after its answer came, on the same monotonic clock. */
export function standingIn(json: unknown, sentAt: Stamp, nowMs: number): Standing {
  const body = objectIn(json)
  switch (body['kind']) {
    case 'held':
      return {
        kind: 'held',
        token: tokenIn(body['token']),
        askedAt: stampBehind(sentAt, numberIn(body['askedAfterMs']), nowMs),
        lifeMs: numberIn(body['lifeMs']),
        provisional: body['provisional'] === true,
      }
    case 'queued':
      return { kind: 'queued', ...numbersIn(body, 'ahead', 'recheckInMs', 'lifeMs') }
    case 'refused': {
      const { because } = body
      if (!REFUSALS.has(because)) throw shapeless()
      const told = because as 'busy' | 'capacity' | 'full'
      return { kind: 'refused', because: told, ...numbersIn(body, 'capacity', 'recheckInMs') }
    }
    case 'gone':
      return { kind: 'gone', ...textsIn(body, 'reason') }
    default:
      throw shapeless()
  }
}

/** The server cannot have asked its store later than now, whatever it says. */
function stampBehind(sentAt: Stamp, askedAfterMs: number, nowMs: number): Stamp {
  const afterMs = Math.min(askedAfterMs, nowMs - sentAt.monotonicMs)
  return { monotonicMs: sentAt.monotonicMs + afterMs, wallMs: sentAt.wallMs + afterMs }
}

export function lineIn(json: unknown): LineView {
  const body = objectIn(json)
  const claims = listIn(body['claims']).map((each): ClaimView => {
    const claim = objectIn(each)
    if (!STATES.has(claim['state'])) throw shapeless()
    return {
      id: textIn(claim['id']),
      state: claim['state'] as ClaimView['state'],
      weight: numberIn(claim['weight']),
      owner: textIn(claim['owner']),
      note: textIn(claim['note']),
      ...(claim['token'] !== undefined && { token: tokenIn(claim['token']) }),
      ...numbersIn(claim, 'endsInMs'),
      ...textsIn(claim, 'trace'),
    }
  })
  const lastToken = body['lastToken'] === '0' ? 0n : tokenIn(body['lastToken'])
  const [resource, version] = [textIn(body['resource']), textIn(body['version'])]
  return { resource, lastToken, ...numbersIn(body, 'capacity'), claims, version }
}

export function pageIn(json: unknown): ResourcePage {
  const body = objectIn(json)
  return { resources: listIn(body['resources']).map(textIn), ...textsIn(body, 'cursor') }
}

/** Facts are for people but for these few. */
export function factsIn(json: unknown): Facts {
  const facts = objectIn(json) as unknown as Facts
  const { ttl, safetyClass, order, wakeUp, unsupported } = facts
  const texts = [facts.engine, facts.clock, facts.tokens, ttl?.per]
  const lists = [facts.reasons, facts.lockRisks, facts.tokenRisks]
  for (const text of [...texts, ...lists.flatMap((list) => listIn(list))]) textIn(text)
  for (const count of [ttl.granularityMs, ttl.minMs, ttl.maxMs]) numberIn(count)
  objectIn(unsupported)
  if (!CLASS_ORDER.includes(safetyClass) || !/^(?:push|poll)$/.test(wakeUp) || !/^(?:fifo|none)$/.test(order)) {
    throw shapeless()
  }
  return facts
}

/** One of these words. */
export function outcomeIn<Word extends string>(json: unknown, ...words: readonly Word[]): Word {
  const word = words.find((each) => each === objectIn(json)['outcome'])
  if (word === undefined) throw shapeless()
  return word
}

export function objectIn(json: unknown): Json {
  if (typeof json !== 'object' || json === null) throw shapeless()
  return json as Json
}

export function listIn(json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw shapeless()
  return json
}

export function textIn(json: unknown): string {
  if (typeof json !== 'string') throw shapeless()
  return json
}

function numberIn(json: unknown): number {
  if (typeof json !== 'number') throw shapeless()
  return json
}

function tokenIn(json: unknown): bigint {
  if (typeof json !== 'string' || !TOKEN.test(json)) throw shapeless()
  return BigInt(json)
}

function numbersIn<Name extends string>(body: Json, ...names: readonly Name[]): { readonly [Each in Name]?: number } {
  const there = names.filter((name) => body[name] !== undefined).map((name) => [name, numberIn(body[name])] as const)
  return Object.fromEntries(there) as { readonly [Each in Name]?: number }
}

function textsIn<Name extends string>(body: Json, ...names: readonly Name[]): { readonly [Each in Name]?: string } {
  const there = names.filter((name) => body[name] !== undefined).map((name) => [name, textIn(body[name])] as const)
  return Object.fromEntries(there) as { readonly [Each in Name]?: string }
}

function shapeless(): Error {
  return new Error('the answer is not one of a Holdfast server of this version')
}
