/** The pair in one request each: what is written is what the transition would have written, and it is tried where it may succeed. */
import { expect, test } from 'vitest'
import { enterLine, renewInLine } from '../../line/transition.ts'
import { claim } from '../claims.fixture.ts'
import { emptyRecord } from './engine.ts'
import { FreeLines } from './free-lines.ts'
import { encodeRecord } from './record.ts'
import type { AloneRenewal, HeldText, RenewedLine, StoredText } from './swap-engine.ts'

const CHANNEL = 'a channel, "quoted"'
const NOW = { nowMs: 1_767_300_000_000.125, tokenScaleUs: 1_767_300_000_000_125n }

/** A line in a server that writes the end and the token into what it is given. */
interface Server {
  taken: number
  swapped: number
  requests: number
  readonly renewals: AloneRenewal[]
  version: number
  isFree: boolean
  readonly free: FreeLines
}

function engineOf(): Server {
  const state = { taken: 0, swapped: 0, requests: 0, renewals: [] as AloneRenewal[], version: 7, isFree: true }
  const engine = {
    takeFree: async (_: string, [before, between, rest]: HeldText, ttlMs: number): Promise<StoredText | undefined> => {
      state.taken += 1
      if (!state.isFree) return undefined
      state.isFree = false
      const claims = `${before}${NOW.nowMs + ttlMs}${between}${NOW.tokenScaleUs}${rest}`
      return { version: String((state.version += 1)), text: `${NOW.tokenScaleUs}\n${claims}` }
    },
    renewalsMax: 2,
    renewAlone: async (renewals: readonly AloneRenewal[]): Promise<readonly (RenewedLine | undefined)[]> => {
      state.renewals.push(...renewals)
      state.requests += 1
      return renewals.map(({ seen, ttlMs }) =>
        seen === String(state.version)
          ? { version: String((state.version += 1)), endsAtMs: NOW.nowMs + ttlMs }
          : undefined,
      )
    },
    swapBefore: async (_: string, seen: string) => {
      state.swapped += 1
      return seen === String(state.version) ? { version: String((state.version += 1)) } : {}
    },
  }
  const free = FreeLines.of(engine, CHANNEL, () => 2n ** 62n)
  if (free === undefined) throw new Error('the engine is whole')
  return Object.assign(state, { free })
}

test('the claim that is put into a free line is the one that the transition makes', async () => {
  const asked = claim('n!lock', {
    note: 'a "note",-1,\u0000',
    owner: 'me,-1,"',
    lockDelayMs: 5,
    weight: 2,
    capacity: 3,
  })
  const expected = enterLine(emptyRecord.line, asked, CHANNEL, NOW)
  const { free } = engineOf()
  const done = await free.take(asked)
  expect(done).toEqual(expected)
  expect(encodeRecord({ line: done?.line ?? emptyRecord.line, observers: [] })).toBe(
    encodeRecord({ line: expected.line, observers: [] }),
  )
})

test('a claim that no line can hold, and a line that is known to be taken, are not tried', async () => {
  const engine = engineOf()
  expect(await engine.free.take(claim('n!lock', { weight: 2 }))).toBeUndefined()
  expect(engine.taken).toBe(0)
  const first = await engine.free.take(claim('n!lock'))
  expect(first?.answer.kind).toBe('held')
  expect(await engine.free.take(claim('n!lock'))).toBeUndefined()
  expect(engine.taken).toBe(1)
})

test('of many that ask at once one tries', async () => {
  const engine = engineOf()
  const taken = await Promise.all(Array.from({ length: 20 }, async () => engine.free.take(claim('n!lock'))))
  expect([taken.filter((each) => each !== undefined).length, engine.taken]).toEqual([1, 1])
})

test('a claim that stands alone is given back in one request, and only by its own id and token', async () => {
  const engine = engineOf()
  const asked = claim('n!lock')
  const done = await engine.free.take(asked)
  const token = done?.line.lastToken ?? 0n
  expect(await engine.free.giveBack({ ...asked, token: token + 1n })).toBe(false)
  expect(await engine.free.giveBack(claim('n!lock'))).toBe(false)
  expect(engine.swapped).toBe(0)
  expect(await engine.free.giveBack({ ...asked, token })).toBe(true)
  expect(await engine.free.giveBack({ ...asked, token })).toBe(false)
  expect(engine.swapped).toBe(1)
})

test('what another process changed meanwhile is not given back blindly', async () => {
  const engine = engineOf()
  const asked = claim('n!lock')
  await engine.free.take(asked)
  engine.version += 1
  expect(await engine.free.giveBack(asked)).toBe(false)
})

test('a line with a waiter or an observer is left to the ordinary way', async () => {
  const engine = engineOf()
  const asked = claim('n!lock')
  const { line } = enterLine(emptyRecord.line, asked, CHANNEL, NOW)
  engine.free.learn('n!lock', { line, observers: [{ channel: 'other', untilMs: NOW.nowMs + 1 }] }, '7')
  expect(await engine.free.giveBack(asked)).toBe(false)
  engine.free.learn('n!lock', { line: enterLine(line, claim('n!lock'), CHANNEL, NOW).line, observers: [] }, '7')
  expect(await engine.free.giveBack(asked)).toBe(false)
  expect(engine.swapped).toBe(0)
})

test('a claim that stands alone is renewed to what the transition makes of it, and goes on being known', async () => {
  const engine = engineOf()
  const asked = claim('n!lock', { note: 'a "note"', lockDelayMs: 5 })
  const { line } = (await engine.free.take(asked)) ?? { line: emptyRecord.line }
  const expected = renewInLine(line, asked, 7_000, undefined, NOW)
  expect(await engine.free.renew([{ ref: asked, ttlMs: 7_000 }])[0]).toEqual(expected.answer)
  const [{ untilEnd, afterEnd } = { untilEnd: '', afterEnd: '' }] = engine.renewals
  expect(`${untilEnd}${NOW.nowMs + 7_000}${afterEnd}`).toBe(encodeRecord({ line: expected.line, observers: [] }))
  expect(await engine.free.renew([{ ref: asked, ttlMs: 8_000 }])[0]).toMatchObject({ kind: 'held', lifeMs: 8_000 })
  expect(engine.renewals[1]).toMatchObject({ seen: '9', endsAtMs: NOW.nowMs + 7_000 })
  expect(await engine.free.giveBack({ ...asked, token: line.lastToken })).toBe(true)
})

test('a renewal that says more than a life, is of another claim or of a changed line is left to the ordinary way', async () => {
  const engine = engineOf()
  const asked = claim('n!lock')
  const { line } = (await engine.free.take(asked)) ?? { line: emptyRecord.line }
  const ttlMs = 5_000
  const others = [
    { ref: asked, ttlMs, note: 'new' },
    { ref: asked, ttlMs, outlives: true },
    { ref: claim('n!lock'), ttlMs },
    { ref: { ...asked, token: line.lastToken + 1n }, ttlMs },
    { ref: claim('n!other'), ttlMs },
  ]
  expect(engine.free.renew(others)).toEqual(others.map(() => undefined))
  engine.version += 1
  expect(await engine.free.renew([{ ref: asked, ttlMs }])[0]).toBeUndefined()
  expect(engine.free.renew([{ ref: asked, ttlMs }])).toEqual([undefined])
  expect(engine.requests).toBe(1)
})
