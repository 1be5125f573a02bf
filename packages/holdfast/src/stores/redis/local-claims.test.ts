import { expect, test } from 'vitest'
import type { Queued, Held } from '../../store/standing.ts'
import { never } from '../opened.fixture.ts'
import { LocalClaims } from './local-claims.ts'

const queued = (ahead = 0): Queued => ({ kind: 'queued', ahead, lifeMs: 1_000 })
/** What a watch answers without waiting for anything. */
const atOnce = (claims: LocalClaims): Promise<unknown> =>
  Promise.race([claims.watch('line', 'id', never), new Promise((resolve) => setImmediate(resolve, 'nothing'))])
const holding: Held = {
  kind: 'held',
  token: 7n,
  askedAt: { monotonicMs: 0, wallMs: 0 },
  lifeMs: 3_000,
  provisional: true,
}

test('an answer that was overtaken by a message does not undo it', async () => {
  const claims = new LocalClaims()
  claims.track('line', 'id')
  claims.pushed('line', 'id', { standing: holding, atUs: 20 })
  expect(claims.answered('line', 'id', { standing: queued(), atUs: 10 }, 0)).toBe(holding)
  // The caller knows by that answer, and a later one of the same kind does not undo it either.
  expect(await atOnce(claims)).toBe('nothing')
  expect(claims.answered('line', 'id', { standing: queued(), atUs: 11 }, 0)).toBe(holding)
})

test('an answer that the server gave after a message counts', () => {
  const claims = new LocalClaims()
  claims.track('line', 'id')
  claims.pushed('line', 'id', { standing: holding, atUs: 20 })
  const again = queued(3)
  expect(claims.answered('line', 'id', { standing: again, atUs: 30 }, 0)).toBe(again)
})

test('what was asked for after a message counts, although the clock of the server was set back', () => {
  const claims = new LocalClaims()
  claims.track('line', 'id')
  claims.pushed('line', 'id', { standing: queued(), atUs: 20 })
  const { eventCount } = claims
  expect(claims.answered('line', 'id', { standing: holding, atUs: 10 }, eventCount)).toBe(holding)
  // Of two that were asked for together, the one that the server gave later counts.
  const overtaken = queued(3)
  expect(claims.answered('line', 'id', { standing: overtaken, atUs: 9 }, eventCount)).toBe(holding)
})

test('a message between the answer and the watch is kept', async () => {
  const claims = new LocalClaims()
  claims.track('line', 'id')
  claims.answered('line', 'id', { standing: queued(2), atUs: 10 }, 0)
  claims.pushed('line', 'id', { standing: queued(0), atUs: 11 })
  claims.pushed('line', 'id', { standing: holding, atUs: 12 })
  expect(await claims.watch('line', 'id', never)).toBe(holding)
})

test('a change is told to every watch that waits for it, and is then no news', async () => {
  const claims = new LocalClaims()
  claims.track('line', 'id')
  claims.answered('line', 'id', { standing: queued(2), atUs: 10 }, 0)
  const watches = [claims.watch('line', 'id', never), claims.watch('line', 'id', never)]
  claims.pushed('line', 'id', { standing: queued(0), atUs: 11 })
  expect(await Promise.all(watches)).toEqual([queued(0), queued(0)])
  expect(await atOnce(claims)).toBe('nothing')
  claims.pushed('line', 'id', { standing: holding, atUs: 12 })
  claims.answered('line', 'id', { standing: holding, atUs: 13 }, 0)
  expect(await atOnce(claims)).toBe('nothing')
})

test('a message about a claim that was left is not kept', async () => {
  const claims = new LocalClaims()
  claims.track('line', 'id')
  claims.end('line', 'id')
  claims.pushed('line', 'id', { standing: holding, atUs: 12 })
  expect(claims.size).toBe(0)
})

test('nothing is kept of claims that were refused, that surely never came, or that were only watched', async () => {
  const claims = new LocalClaims()
  claims.track('line', 'refused')
  claims.answered('line', 'refused', { standing: { kind: 'refused', because: 'busy' }, atUs: 1 }, 0)
  claims.track('line', 'lost')
  claims.untrack('line', 'lost')
  const controller = new AbortController()
  const watching = claims.watch('line', 'watched', controller.signal)
  controller.abort()
  expect((await watching).kind).toBe('hint')
  expect(claims.size).toBe(0)
})

test('one id in two lines is two claims', async () => {
  const claims = new LocalClaims()
  claims.track('one', 'id')
  claims.track('two', 'id')
  claims.pushed('one', 'id', { standing: holding, atUs: 1 })
  const controller = new AbortController()
  const other = claims.watch('two', 'id', controller.signal)
  controller.abort()
  expect((await other).kind).toBe('hint')
})

test('a hint that came while nobody watched is kept until an answer that was asked for after it', async () => {
  const claims = new LocalClaims()
  claims.track('line', 'id')
  const { eventCount: before } = claims
  claims.pushed('line', 'id', undefined)
  claims.answered('line', 'id', { standing: queued(), atUs: 10 }, before)
  for (let round = 0; round < 2; round += 1) expect(await atOnce(claims)).toEqual({ kind: 'hint' })
  claims.answered('line', 'id', { standing: queued(), atUs: 20 }, claims.eventCount)
  const watching = claims.watch('line', 'id', never)
  claims.pushed('line', 'id', { standing: holding, atUs: 30 })
  expect(await watching).toBe(holding)
})

test('what is asked while nobody listens is asked again', async () => {
  const claims = new LocalClaims()
  claims.track('line', 'id')
  const { eventCount } = claims
  claims.missing('line', 'id')
  claims.answered('line', 'id', { standing: queued(), atUs: 10 }, eventCount)
  expect(await atOnce(claims)).toEqual({ kind: 'hint' })
})

test('a message from before what is known is a hint when it says more: the clock of the server was set back', async () => {
  for (const news of [holding, queued(0), { kind: 'gone' } as const]) {
    const claims = new LocalClaims()
    claims.track('line', 'id')
    const known = news.kind === 'gone' ? holding : queued(2)
    claims.answered('line', 'id', { standing: known, atUs: 20 }, 0)
    const told = claims.watch('line', 'id', never)
    claims.pushed('line', 'id', { standing: news, atUs: 10 })
    expect(await told).toEqual({ kind: 'hint' })
  }
})

test('a message that an answer has overtaken is no hint', async () => {
  const claims = new LocalClaims()
  claims.track('line', 'id')
  claims.answered('line', 'id', { standing: queued(0), atUs: 20 }, 0)
  claims.pushed('line', 'id', { standing: queued(0), atUs: 10 })
  expect(await atOnce(claims)).toBe('nothing')
})

test('a turn that is answered, and was not told, is noticed; one that was told, or hinted at, is not', () => {
  const silent: string[] = []
  const claims = new LocalClaims((line) => silent.push(line))
  for (const line of ['told', 'hinted', 'untold', 'at once']) claims.track(line, 'id')
  for (const line of ['told', 'hinted', 'untold'])
    claims.answered(line, 'id', { standing: queued(), atUs: 10 }, claims.eventCount)
  claims.pushed('told', 'id', { standing: holding, atUs: 20 })
  claims.pushed('hinted', 'id', undefined)
  for (const line of ['told', 'hinted', 'untold', 'at once'])
    claims.answered(line, 'id', { standing: holding, atUs: 30 }, claims.eventCount)
  expect(silent).toEqual(['untold'])
})
