/** A value that is computed by one process at a time, on virtual time: herds, stale values, failures, deaths, and stores that are away. */
import { describe, expect, test, vi } from 'vitest'
import type { FaultPlan } from '../../testing/unreliable.ts'
import { FIRST, machines } from '../tick/machines.fixture.ts'
import { type Cached, type FlightCache, ledgerCache, singleFlight, type SingleFlightOptions } from './index.ts'

const KEY = 'seat-map'
const lost = { kind: 'lost-request', silence: 'throws' } as const

/** The cache that all machines share. */
function sharedCache<Value>() {
  const entries = new Map<string, Cached<Value>>()
  const cache: FlightCache<Value> = {
    get: (key) => entries.get(key),
    set: (key, entry) => void entries.set(key, entry),
  }
  return { entries, cache }
}

function world(more: Partial<SingleFlightOptions<string>> = {}) {
  const { clock, machine, ledger } = machines()
  const { cache, entries } = sharedCache<string>()
  const options = { cache, fresh: '1m', eagerness: 0, ...more } as const
  const flightsOn = (plan?: FaultPlan) => singleFlight<string>(machine(0, plan).locks, 'maps', options)
  let loads = 0
  /** A computation of so many milliseconds. */
  const load =
    (ms = 0) =>
    async (): Promise<string> => {
      loads += 1
      const value = `value ${loads}`
      if (ms > 0) await new Promise<void>((resolve) => clock.schedule(ms, resolve))
      return value
    }
  return { clock, entries, machine, ledger, flightsOn, load, loads: () => loads, options }
}

describe('a value that nobody has', () => {
  test('is computed by one of many processes, and all are given it', async () => {
    const { clock, flightsOn, load, loads } = world()
    const calls = Array.from({ length: 10 }, () => flightsOn()).flatMap((flights) => [
      flights.get(KEY, load(2_000)),
      flights.get(KEY, load(2_000)),
    ])
    await clock.advance(10_000)
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['value 1']))
    expect(loads()).toBe(1)
  })

  test('is computed once by a computation that is longer than the lease', async () => {
    const { clock, flightsOn, load, loads } = world({ wait: '1m' })
    const calls = [flightsOn(), flightsOn()].map((flights) => flights.get(KEY, load(30_000)))
    await clock.advance(60_000)
    expect(await Promise.all(calls)).toEqual(['value 1', 'value 1'])
    expect(loads()).toBe(1)
  })

  test('is waited for no longer than `wait`, and then it is no second computation', async () => {
    const { clock, flightsOn, load, loads } = world({ wait: '5s' })
    const slow = flightsOn().get(KEY, load(20_000))
    await clock.advance(100)
    const waits = flightsOn()
      .get(KEY, load())
      .catch((error: unknown) => error)
    await clock.advance(6_000)
    expect(await waits).toMatchObject({ code: 'WAIT_TIMEOUT' })
    await clock.advance(20_000)
    expect(await slow).toBe('value 1')
    expect(loads()).toBe(1)
  })

  test('is computed by the next process when the first dies at it', async () => {
    const { clock, flightsOn, load } = world({ wait: '1m' })
    let isDead = false
    flightsOn(() => (isDead ? lost : undefined))
      .get(KEY, () => new Promise<string>(() => undefined))
      .catch(() => undefined)
    await clock.advance(100)
    isDead = true
    const next = flightsOn().get(KEY, load())
    await clock.advance(12_000)
    expect(await next).toBe('value 1')
  })
})

describe('a value that is there', () => {
  test('is given without any lock while it is fresh', async () => {
    const { clock, flightsOn, load, loads } = world()
    await flightsOn().get(KEY, load())
    const cutOff = flightsOn(() => lost)
    await clock.advance(59_000)
    expect(await cutOff.get(KEY, load())).toBe('value 1')
    expect(loads()).toBe(1)
  })

  test('is given at once while it is stale, and one process computes it anew', async () => {
    const { clock, flightsOn, load, loads } = world({ stale: '10m' })
    await flightsOn().get(KEY, load())
    await clock.advance(60_000)
    const many = Array.from({ length: 5 }, () => flightsOn())
    const stale = many.map((flights) => flights.get(KEY, load(1_000)))
    expect(new Set(await Promise.all(stale))).toEqual(new Set(['value 1']))
    await clock.advance(2_000)
    expect(loads()).toBe(2)
    expect(await many[0]?.get(KEY, load())).toBe('value 2')
  })

  test('is given while its computation fails, for the whole of `stale`', async () => {
    const { clock, flightsOn, load } = world({ stale: '10m' })
    const flights = flightsOn()
    await flights.get(KEY, load())
    const fails = (): never => {
      throw new Error('the database is away')
    }
    for (let minute = 1; minute <= 10; minute += 1) {
      await clock.advance(60_000)
      expect(await flights.get(KEY, fails)).toBe('value 1')
    }
    await clock.advance(60_000)
    await expect(flights.get(KEY, fails)).rejects.toThrow('the database is away')
  })

  test('is computed early, the likelier the longer it takes and the nearer its end is', async () => {
    const { clock, flightsOn, load, loads } = world({ eagerness: 1 })
    const flights = flightsOn()
    const first = flights.get(KEY, load(5_000))
    await clock.advance(5_000)
    await first
    vi.spyOn(Math, 'random').mockReturnValue(1 - Math.exp(-1))
    await clock.advance(40_000)
    expect(await flights.get(KEY, load())).toBe('value 1')
    await clock.advance(11_000)
    expect(await flights.get(KEY, load())).toBe('value 1')
    await clock.advance(1_000)
    expect(loads()).toBe(2)
  })

  test('is computed anew at once by `refresh`, which joins a computation that goes on', async () => {
    const { clock, flightsOn, load, loads } = world()
    const [here, there] = [flightsOn(), flightsOn()]
    await here.get(KEY, load())
    await clock.advance(10)
    const both = [here.refresh(KEY, load(1_000)), there.refresh(KEY, load(1_000)), here.refresh(KEY, load(1_000))]
    await clock.advance(3_000)
    expect(await Promise.all(both)).toEqual(['value 2', 'value 2', 'value 2'])
    expect(loads()).toBe(2)
  })
})

test('a value is computed anew by `refresh` although one behind a stale value goes on elsewhere', async () => {
  const { clock, flightsOn, load, loads, machine } = world({ stale: '10m' })
  const flights = flightsOn()
  await flights.get(KEY, load())
  await clock.advance(60_000)
  const lease = await machine().locks.acquire('flight:maps:seat-map')
  expect(await flights.get(KEY, load())).toBe('value 1')
  const anew = flights.refresh(KEY, load())
  await clock.advance(100)
  await lease.release()
  await clock.advance(2_000)
  expect(await anew).toBe('value 2')
  expect(loads()).toBe(2)
})

describe('a computation that fails', () => {
  test('gives its error to all that wait and ask within `failureFor`, and then it is tried again', async () => {
    const { clock, flightsOn } = world({ failureFor: '2s' })
    const flights = flightsOn()
    let loads = 0
    const fails = (): never => {
      loads += 1
      throw new Error(`declined ${loads}`)
    }
    const calls = await Promise.allSettled([flights.get(KEY, fails), flights.get(KEY, fails)])
    expect(calls.map((call) => call.status === 'rejected' && String(call.reason))).toEqual([
      'Error: declined 1',
      'Error: declined 1',
    ])
    await expect(flights.get(KEY, fails)).rejects.toThrow('declined 1')
    await clock.advance(2_000)
    await expect(flights.get(KEY, fails)).rejects.toThrow('declined 2')
  })
})

describe('a caller that gives up', () => {
  test('ends its own waiting, and the others are served', async () => {
    const { clock, flightsOn, load, machine } = world()
    const lease = await machine().locks.acquire('flight:maps:seat-map')
    const flights = flightsOn()
    const caller = new AbortController()
    const first = flights.get(KEY, load(1_000), { signal: caller.signal }).catch((error: unknown) => error)
    const second = flights.get(KEY, load(1_000))
    await clock.advance(10)
    caller.abort(new Error('the page was left'))
    expect(await first).toMatchObject({ message: 'the page was left' })
    await lease.release()
    await clock.advance(3_000)
    expect(await second).toBe('value 1')
  })

  test('is no end for a call that comes at that moment', async () => {
    const { clock, flightsOn, load, machine } = world()
    const lease = await machine().locks.acquire('flight:maps:seat-map')
    const flights = flightsOn()
    const caller = new AbortController()
    const first = flights.get(KEY, load(), { signal: caller.signal }).catch((error: unknown) => error)
    await clock.advance(100)
    caller.abort(new Error('the page was left'))
    const second = flights.get(KEY, load())
    await first
    await lease.release()
    await clock.advance(2_000)
    expect(await second).toBe('value 1')
  })

  test('leaves no claim behind where no other one waits', async () => {
    const { clock, flightsOn, load, machine } = world()
    const lease = await machine().locks.acquire('flight:maps:seat-map')
    const caller = new AbortController()
    const waits = flightsOn()
      .get(KEY, load(), { signal: caller.signal })
      .catch((error: unknown) => error)
    await clock.advance(100)
    caller.abort(new Error('the page was left'))
    await waits
    await clock.advance(100)
    expect((await machine().locks.inspect('flight:maps:seat-map')).claims).toHaveLength(1)
    await lease.release()
  })
})

describe('a store of locks that is away', () => {
  test('costs a computation in each process, and is told', async () => {
    const { clock, flightsOn, load } = world({ wait: '1s' })
    const flights = flightsOn(() => lost)
    const told: string[] = []
    flights.on('unlocked', ({ key }) => told.push(key))
    const call = flights.get(KEY, load())
    await clock.advance(20_000)
    expect(await call).toBe('value 1')
    expect(told).toEqual([KEY])
  })

  test('is an error where that was chosen', async () => {
    const { clock, flightsOn, load, loads } = world({ wait: '1s', whenStoreIsAway: 'throw' })
    const call = flightsOn(() => lost)
      .get(KEY, load())
      .catch((error: unknown) => error)
    await clock.advance(20_000)
    expect(await call).toMatchObject({ code: expect.stringMatching(/STORE_UNAVAILABLE|OUTCOME_UNKNOWN/) as string })
    expect(loads()).toBe(0)
  })
})

test('a process that was overtaken cannot put its older value into a ledger', async () => {
  const { clock, machine, ledger } = machines()
  let isDead = false
  const [slow, quick] = [machine(0, () => (isDead ? lost : undefined)), machine()].map(({ locks }) => ({
    cache: ledgerCache<string>(locks, 'maps', ledger),
    locks,
  }))
  if (slow === undefined || quick === undefined) throw new Error('no machine')
  const flightsOf = ({ locks, cache }: typeof slow) =>
    singleFlight(locks, 'maps', { cache, fresh: '1m', wait: '1m', eagerness: 0 })
  const { promise, resolve } = Promise.withResolvers<string>()
  const old = flightsOf(slow).get(KEY, () => promise)
  await clock.advance(100)
  isDead = true
  const next = flightsOf(quick).get(KEY, () => 'new')
  await clock.advance(12_000)
  expect(await next).toBe('new')
  isDead = false
  resolve('old')
  expect(await old).toBe('old')
  expect(await quick.cache.get(KEY)).toMatchObject({ value: 'new', madeAtMs: expect.any(Number) as number })
  expect(FIRST.getTime()).toBeLessThan((await quick.cache.get(KEY))?.madeAtMs ?? 0)
})

test('what cannot be meant is refused at once', async () => {
  const { machine, options, flightsOn } = world()
  const make = (more: object) => () => singleFlight(machine().locks, 'maps', { ...options, ...more })
  expect(make({ cache: {} })).toThrow(/cache must have get and set/)
  expect(make({ fresh: 0 })).toThrow(/fresh/)
  expect(make({ eagerness: -1 })).toThrow(/eagerness/)
  expect(make({ whenStoreIsAway: 'wait' })).toThrow(/whenStoreIsAway/)
  expect(make({ wait: '11m' })).toThrow(/wait/)
  await expect(flightsOn().get(KEY, undefined as never)).rejects.toThrow(/needs what computes/)
})
