/** A rate on virtual time: any span, lost answers, clocks of machines, ends of clients, other limits, and stores that are away. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HoldfastOptions } from '../../client/options.ts'
import { holdfast } from '../../holdfast.ts'
import { Remote } from '../../stores/records/remote.fixture.ts'
import { formatMs } from '../../time/duration.ts'
import type { Fault, FaultPlan } from '../../testing/unreliable.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { machines } from '../tick/machines.fixture.ts'
import { rateLimit, type RateAnswer, type RateLimitOptions } from './index.ts'

const PER_MS = 60_000
/** A question is asked for 5 s, and what it was granted is given back within a moment. */
const CALL_MS_MAX = 6_000
const CLOCKS_APART_MS = 10 * 60_000
const lostRequest: Fault = { kind: 'lost-request', silence: 'hangs' }
const lostReply: Fault = { kind: 'lost-reply', silence: 'hangs' }

function world() {
  const { clock, machine } = machines()
  const on = (
    { limit = 3, ...more }: Partial<RateLimitOptions> = {},
    plan?: FaultPlan,
    aheadMs = 0,
    client?: HoldfastOptions,
  ) => {
    const { locks } = machine(aheadMs, plan, client)
    return { locks, rate: rateLimit(locks, 'mail', { limit, per: PER_MS, ...more }) }
  }
  return { clock, on }
}

const allowed: RateAnswer = { allowed: true, limited: true }
/** What becomes of the n-th question of one kind. */
const first = (method: string, fault: Fault): FaultPlan => {
  let asked = 0
  return (_, called) => (called === method && (asked += 1) === 1 ? fault : undefined)
}

describe('permits of a span', () => {
  test('are as many as the limit, and the next call is told when the oldest ends', async () => {
    const { clock, on } = world()
    const { rate } = on()
    expect(await rate.tryTake()).toEqual(allowed)
    await clock.advance(10_000)
    expect(await rate.tryTake({ count: 2 })).toEqual(allowed)
    await clock.advance(10_000)
    expect(await rate.usage()).toEqual({ limit: 3, used: 3, freesInMs: PER_MS - 20_000 })
    expect(await rate.tryTake()).toEqual({ allowed: false, retryAfterMs: PER_MS - 20_000 })
    expect(await rate.tryTake({ count: 2 })).toEqual({ allowed: false, retryAfterMs: PER_MS - 10_000 })
    await clock.advance(PER_MS - 20_000)
    expect(await rate.tryTake()).toEqual(allowed)
    expect(await rate.tryTake()).toEqual({ allowed: false, retryAfterMs: 10_000 })
  })

  test('can be taken all at once, and then they are all gone', async () => {
    const { clock, on } = world()
    const { rate } = on()
    expect(await rate.tryTake({ count: 3 })).toEqual(allowed)
    expect(await rate.tryTake()).toEqual({ allowed: false, retryAfterMs: PER_MS })
    await clock.advance(PER_MS)
    expect(await rate.usage()).toEqual({ limit: 3, used: 0, freesInMs: 0 })
    expect(await rate.tryTake({ count: 3 })).toEqual(allowed)
  })

  test('never are more than the limit in any span, on clocks that are ten minutes apart and over a bad network', async () => {
    const steps = fc.array(
      fc.record({ waitMs: fc.nat(20_000), machine: fc.nat(2), count: fc.integer({ min: 1, max: 3 }) }),
      { minLength: 8, maxLength: 20 },
    )
    const faults = fc.array(fc.constantFrom(undefined, undefined, lostReply, lostRequest), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(steps, faults, async (calls, plan) => {
        const { clock, on } = world()
        const faulty: FaultPlan = (index, method) => (method === 'enter' ? plan[index] : undefined)
        const rates = [-CLOCKS_APART_MS, 0, CLOCKS_APART_MS].map((ahead) => on({}, faulty, ahead).rate)
        const grants: { readonly askedMs: number; readonly toldMs: number; readonly count: number }[] = []
        for (const { waitMs, machine, count } of calls) {
          await clock.advance(waitMs)
          const askedMs = clock.monotonicMs()
          const told = rates[machine]?.tryTake({ count }).then(
            ({ allowed: isAllowed }) => isAllowed && grants.push({ askedMs, toldMs: clock.monotonicMs(), count }),
            () => undefined,
          )
          await clock.advance(CALL_MS_MAX)
          await told
        }
        for (const { askedMs } of grants) {
          // The moment of a grant lies between the question and the answer.
          const inSpan = grants.filter((grant) => grant.askedMs >= askedMs && grant.toldMs < askedMs + PER_MS)
          expect(inSpan.reduce((sum, grant) => sum + grant.count, 0)).toBeLessThanOrEqual(3)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('are counted by the clock of the store, whatever the machines show', async () => {
    const { clock, on } = world()
    const [late, early] = [on({ limit: 1 }, undefined, -CLOCKS_APART_MS), on({ limit: 1 }, undefined, CLOCKS_APART_MS)]
    expect(await late.rate.tryTake()).toEqual(allowed)
    await clock.advance(PER_MS - 1)
    expect(await early.rate.tryTake()).toEqual({ allowed: false, retryAfterMs: 1 })
    await clock.advance(1)
    expect(await early.rate.tryTake()).toEqual(allowed)
    expect(await late.rate.tryTake()).toEqual({ allowed: false, retryAfterMs: PER_MS })
  })

  test('count to their end when the client is closed that took them', async () => {
    const { clock, on } = world()
    const here = on({ limit: 1 })
    expect(await here.rate.tryTake()).toEqual(allowed)
    await here.locks.close()
    expect(await on({ limit: 1 }).rate.tryTake()).toEqual({ allowed: false, retryAfterMs: PER_MS })
    await clock.advance(PER_MS)
    expect(await on({ limit: 1 }).rate.tryTake()).toEqual(allowed)
  })

  test('of one key say nothing of another one', async () => {
    const { on } = world()
    const { rate } = on({ limit: 1 })
    expect(await rate.tryTake({ key: 'ada' })).toEqual(allowed)
    expect(await rate.tryTake({ key: 'bob' })).toEqual(allowed)
    expect(await rate.tryTake({ key: 'ada' })).toMatchObject({ allowed: false })
    expect(await rate.usage('bob')).toMatchObject({ used: 1 })
    expect(await rate.usage()).toMatchObject({ used: 0 })
  })

  test('of a thousand keys leave nothing behind', async () => {
    const { clock, on } = world()
    const { rate, locks } = on()
    for (let key = 0; key < 1_000; key += 1) await rate.tryTake({ key: `user-${key}` })
    await clock.advance(PER_MS)
    expect((await locks.list({ prefix: 'rate:' })).names).toEqual([])
  })

  test('are refused with both numbers while those of another limit count', async () => {
    const { clock, on } = world()
    await on({ limit: 3 }).rate.tryTake()
    const { rate } = on({ limit: 5 })
    await expect(rate.tryTake()).rejects.toMatchObject({
      code: 'MISUSE',
      message: expect.stringMatching(/"rate:mail" has permits of a limit of 3, this call says 5/) as string,
    })
    await clock.advance(PER_MS)
    expect(await rate.tryTake()).toEqual(allowed)
  })
})

describe('a bad network', () => {
  test('that loses the answer of a take counts it once', async () => {
    const { clock, on } = world()
    const { rate } = on({}, first('enter', lostReply))
    const answer = rate.tryTake()
    await clock.advance(1_000)
    expect(await answer).toEqual(allowed)
    expect(await rate.usage()).toMatchObject({ used: 1 })
  })

  test('that loses the question about the line still leaves a refusal', async () => {
    const { clock, on } = world()
    const { rate } = on({ limit: 1 }, (_, method) => (method === 'look' ? lostRequest : undefined))
    await rate.tryTake()
    const answer = rate.tryTake()
    await clock.advance(6_000)
    expect(await answer).toMatchObject({ allowed: false, retryAfterMs: expect.any(Number) as number })
  })
})

test('a record that is full is no refusal, and the error says the way out', async () => {
  const clock = virtualClock()
  const store = new Remote({ expiry: 'engine', wakeUp: 'push' }).store()
  const rate = rateLimit(holdfast(store, { clock }), 'mail', { limit: 1_000, per: '1h' })
  const end = async (): Promise<unknown> => {
    for (;;) if (!(await rate.tryTake()).allowed) return 'refused'
  }
  await expect(end()).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(
      /no room for more permits of "rate:mail".*limit is 1000: give a smaller limit/,
    ) as string,
  })
})

describe('a store that is away', () => {
  test.each([lostRequest, { kind: 'lost-request', silence: 'throws' }, { kind: 'unavailable' }] as const)(
    'is an error within 5 s, and no silent pass: %o',
    async (fault) => {
      const { clock, on } = world()
      const { rate } = on({}, (_, method) => (method === 'open' ? undefined : fault))
      const told = rate.tryTake().catch((error: unknown) => error)
      await clock.advance(5_001)
      expect(['OUTCOME_UNKNOWN', 'STORE_UNAVAILABLE']).toContain(((await told) as { readonly code: string }).code)
    },
  )

  test('lets pass where that was chosen, and tells it', async () => {
    const { clock, on } = world()
    const { rate } = on({ whenStoreIsAway: 'allow' }, (_, method) => (method === 'open' ? undefined : lostRequest))
    const told: string[] = []
    rate.on('unlimited', ({ name }) => told.push(name))
    const answer = rate.tryTake()
    await clock.advance(5_001)
    expect(await answer).toEqual({ allowed: true, limited: false })
    expect(told).toEqual(['rate:mail'])
  })

  test('lets pass also where it cannot even be opened', async () => {
    const { clock, on } = world()
    const { rate } = on({ whenStoreIsAway: 'allow' }, () => ({ kind: 'unavailable' }))
    const answer = rate.tryTake()
    await clock.advance(30_000)
    expect(await answer).toEqual({ allowed: true, limited: false })
  })

  test('is no reason to let pass what is misuse, or what a closed client asks', async () => {
    const { on } = world()
    const { rate, locks } = on({ whenStoreIsAway: 'allow' })
    await expect(rate.tryTake({ count: 4 })).rejects.toThrow(/count must be a whole number from 1 to 3, got 4/)
    await locks.close()
    await expect(rate.tryTake()).rejects.toThrow(/closed/)
  })
})

test('options out of range are misuse, with the range', () => {
  const { on } = world()
  expect(() => on({ limit: 0 })).toThrow(/limit must be a whole number from 1 to 1000, got 0/)
  expect(() => on({ per: '99ms' })).toThrow(new RegExp(`per must be between 100ms and ${formatMs(86_400_000)}`))
  expect(() => on({ whenStoreIsAway: 'wait' as 'throw' })).toThrow(/'throw' or 'allow'/)
})

describe('a call that waits', () => {
  test('is granted when permits have ended, without asking in between', async () => {
    const { clock, on } = world()
    let asks = 0
    const { rate } = on({}, (_, method) => void (asks += method === 'enter' ? 1 : 0))
    await rate.tryTake({ count: 3 })
    let isTaken = false
    void rate.take({ wait: '2m' }).then(() => (isTaken = true))
    await clock.advance(PER_MS - 100)
    expect([isTaken, asks]).toEqual([false, 2])
    await clock.advance(200)
    expect([isTaken, asks]).toEqual([true, 3])
  })

  test('is refused at once where no permit can end within its wait, and ends with its signal', async () => {
    const { clock, on } = world()
    const { rate } = on()
    await rate.tryTake({ count: 3 })
    await expect(rate.take({ wait: '30s' })).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
    const shutdown = new AbortController()
    const waiting = rate.take({ wait: '2m', signal: shutdown.signal })
    await clock.advance(1_000)
    shutdown.abort(new Error('shutting down'))
    await Promise.all([expect(waiting).rejects.toThrow('shutting down'), clock.advance(10)])
  })
})
