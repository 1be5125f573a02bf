/** A schedule on many machines in virtual time: who runs which tick, and what happens when clocks, stores and machines fail. */
import { describe, expect, test } from 'vitest'
import { faulty, FIRST, machines, NAME, type Machine } from '../tick/machines.fixture.ts'
import type { CronRun } from '../tick/tick.ts'
import { cron, type CronJob, type CronOptions, history } from '../cron/index.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const at = (minutes: number): Date => new Date(FIRST.getTime() + minutes * MINUTE_MS)
const minutesOf = (ticks: readonly Date[]): number[] =>
  ticks.map((tick) => (tick.getTime() - FIRST.getTime()) / MINUTE_MS)

const EVENTS = ['started', 'finished', 'skipped', 'failed', 'missed', 'warned'] as const

interface JobUnderTest {
  readonly job: CronJob
  /** `missed 3`, with the minute of the tick. */
  readonly events: string[]
}

function world(from?: Date) {
  const around = machines(from)
  /** The ticks for which the job was called, on whichever machine. */
  const ticks: Date[] = []
  const note = ({ tick }: CronRun): void => void ticks.push(tick)
  return {
    ...around,
    ticks,
    async job(
      on: Machine,
      options: Partial<CronOptions> = {},
      work: (run: CronRun) => unknown = note,
    ): Promise<JobUnderTest> {
      const job = await cron(on.locks, NAME, { schedule: '* * * * *', atMostFor: '30m', ...options }, work)
      const events: string[] = []
      for (const name of EVENTS) {
        job.on(name, (event) => {
          const what = 'tick' in event ? String(minutesOf([event.tick])[0]) : event.reason
          events.push(`${name} ${what}`)
        })
      }
      return { job, events }
    },
  }
}

describe('each tick', () => {
  test.each([
    ['a ledger', true],
    ['no ledger', false],
  ])('is run once by five machines whose clocks are up to two minutes apart, with %s', async (_, hasLedger) => {
    const { clock, ledger, machine, ticks, job } = world()
    for (const aheadS of [-60, -31, 0, 17, 60]) {
      await job(machine(aheadS * 1_000), hasLedger ? { ledger } : {})
    }
    await clock.advance(100 * MINUTE_MS)
    const minutes = minutesOf(ticks)
    expect(minutes).toEqual([...new Set(minutes)])
    expect(minutes.toSorted((one, other) => one - other).slice(0, 100)).toEqual(
      Array.from({ length: 100 }, (__, index) => index),
    )
  })

  test('is run once by a machine whose clock is set back, forward by an hour, forward by a year and back', async () => {
    const { clock, ledger, machine, ticks, job } = world()
    const clever = machine()
    const { events } = await job(clever, { ledger })
    await clock.advance(2.5 * MINUTE_MS)
    clever.setAhead(-2 * MINUTE_MS)
    await clock.advance(3 * MINUTE_MS)
    expect(minutesOf(ticks)).toEqual([1, 2, 3])
    clever.setAhead(0)
    await clock.advance(MINUTE_MS)
    clever.setAhead(HOUR_MS)
    await clock.advance(MINUTE_MS)
    clever.setAhead(365 * 24 * HOUR_MS)
    await clock.advance(MINUTE_MS)
    clever.setAhead(0)
    await clock.advance(5 * MINUTE_MS)
    const minutes = minutesOf(ticks)
    expect(minutes).toEqual([...new Set(minutes)])
    expect(minutes.slice(-4)).toEqual([10, 11, 12, 13])
    expect(events.filter((event) => event.startsWith('skipped')).length).toBeGreaterThan(0)
  })

  test.each([
    [
      'an hour that is left out comes late',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z'],
    ],
    [
      'an hour that comes twice counts once',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'],
    ],
  ])('is an instant of the zone that was asked for: %s', async (_, from, expected) => {
    const { clock, machine, ticks, job } = world(new Date(from))
    await job(machine(), { schedule: '30 2 * * *', timezone: 'Europe/Vienna' })
    await clock.advance(40 * HOUR_MS)
    expect(ticks.map((tick) => tick.toISOString())).toEqual(expected)
  })

  test('leaves neither timers nor names behind, through twenty minutes of seconds', async () => {
    const { clock, ledger, machine, ticks, job } = world()
    const on = machine(0, undefined, { ttl: '300ms' })
    const { job: second } = await job(on, { schedule: '* * * * * *', ledger })
    await clock.advance(10_000)
    const { timers } = clock
    await clock.advance(1_190_000)
    expect(ticks).toHaveLength(1_200)
    expect(clock.timers).toBeLessThanOrEqual(timers)
    expect((await on.locks.list()).names).toEqual([])
    await second.stop()
    await on.locks.close()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })
})

describe('a store that is away', () => {
  test('for longer than startWithin costs the ticks of that time, tells them as missed, and needs no restart', async () => {
    const { clock, ledger, machine, ticks, job } = world()
    let isAway = false
    const { events } = await job(
      machine(0, () => (isAway ? { kind: 'unavailable' } : undefined)),
      { ledger, schedule: '*/2 * * * *', startWithin: '3m' },
    )
    await clock.advance(3 * MINUTE_MS)
    isAway = true
    await clock.advance(5 * MINUTE_MS)
    isAway = false
    await clock.advance(5 * MINUTE_MS)
    expect(new Set(minutesOf(ticks))).toEqual(new Set([2, 6, 8, 10, 12]))
    expect(ticks).toHaveLength(5)
    expect(events).toContain('failed 4')
    expect(events).toContain('missed 4')
  })

  test('while it is a ledger that is, only delays', async () => {
    const { clock, ledger, machine, ticks, job } = world()
    let isAway = true
    await job(machine(), { ledger: faulty(ledger, () => (isAway ? { error: new Error('no ledger') } : undefined)) })
    await clock.advance(3 * MINUTE_MS)
    expect(ticks).toEqual([])
    isAway = false
    await clock.advance(MINUTE_MS)
    expect(minutesOf(ticks).toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4])
  })
})

describe('ticks that no machine ran', () => {
  test.each([
    ['none', [2, 61], 'missed 30'],
    ['last', [2, 60, 61], 'missed 30'],
    ['all', [2, ...Array.from({ length: 59 }, (_, index) => index + 3)], 'started 30'],
  ] as const)('while all of them were down: %s', async (catchUp, minutes, told) => {
    const { clock, ledger, machine, ticks, job } = world()
    const first = await job(machine(), { ledger, catchUp })
    await clock.advance(2.2 * MINUTE_MS)
    await first.job.stop()
    await clock.advance(58 * MINUTE_MS)
    ticks.length = 0
    ticks.push(at(2))
    const { events } = await job(machine(), { ledger, catchUp })
    await clock.advance(MINUTE_MS)
    expect(minutesOf(ticks)).toEqual(minutes)
    expect(events).toContain(told)
  })

  test.each([
    ['none', [1, 5]],
    ['last', [1, 4, 5]],
    ['all', [1, 2, 3, 4, 5]],
  ] as const)('because another run took four minutes: %s', async (catchUp, minutes) => {
    const { clock, ledger, machine, ticks, job } = world()
    const { promise, resolve } = Promise.withResolvers<void>()
    const slowFirst = async ({ tick }: CronRun): Promise<void> => {
      ticks.push(tick)
      if (tick <= at(1)) await promise
    }
    await job(machine(), { ledger, catchUp }, slowFirst)
    const { events } = await job(machine(), { ledger, catchUp }, slowFirst)
    await clock.advance(4.5 * MINUTE_MS)
    expect(minutesOf(ticks)).toEqual([1])
    expect(events).toContain('skipped 3')
    resolve()
    await clock.advance(MINUTE_MS)
    expect(minutesOf(ticks).toSorted((one, other) => one - other)).toEqual(minutes)
  })
})

describe('the end', () => {
  test('by stop() waits for the run that goes on, and begins no other', async () => {
    const { clock, machine, job } = world()
    const { promise, resolve } = Promise.withResolvers<void>()
    const runs: CronRun[] = []
    const { job: slow } = await job(machine(), {}, (run) => (runs.push(run), promise))
    await clock.advance(MINUTE_MS)
    let isOver = false
    const over = slow.stop().then(() => (isOver = true))
    await clock.advance(5 * MINUTE_MS)
    expect([runs.length, isOver, runs[0]?.stopping.aborted]).toEqual([1, false, false])
    resolve()
    await clock.advance(10)
    await over
  })

  test('by the signal asks the run to stop, and by the client takes its lease', async () => {
    const { clock, machine, job } = world()
    const shutdown = new AbortController()
    const [drains, closes] = [machine(), machine()]
    const runs: CronRun[] = []
    const work = (run: CronRun): Promise<unknown> => {
      runs.push(run)
      return new Promise((resolve) => run.stopping.addEventListener('abort', resolve, { once: true }))
    }
    const one = await job(drains, { signal: shutdown.signal }, work)
    await clock.advance(MINUTE_MS)
    shutdown.abort(new Error('shutting down'))
    await clock.advance(10)
    await one.job.stop()
    expect([runs[0]?.stopping.reason, one.events]).toMatchObject([
      { message: 'shutting down' },
      ['started 1', 'finished 1'],
    ])
    const two = await job(closes, {}, work)
    await clock.advance(MINUTE_MS)
    const closing = closes.locks.close()
    await clock.advance(10)
    await Promise.all([closing, two.job.stop()])
    expect(runs[1]?.signal.aborted).toBe(true)
    expect(clock.timers).toBe(0)
  })
})

test('a job that throws is told, and runs at the next tick', async () => {
  const { clock, ledger, machine, job } = world()
  const on = machine()
  const { job: fails } = await job(on, { ledger }, () => Promise.reject(new Error('no paper')))
  await clock.advance(2.5 * MINUTE_MS)
  expect(await fails.history()).toMatchObject([
    { tick: at(2), outcome: 'threw', error: 'no paper' },
    { tick: at(1), outcome: 'threw' },
  ])
  expect(on.log.join()).toMatch(/2026-01-01T00:01:00.000Z threw: no paper/)
  expect(await history(on.locks, NAME, ledger)).toEqual(await fails.history())
  expect(fails.next()).toEqual(at(3))
})

test('a run by hand has a tick of this very moment', async () => {
  const { clock, machine, ticks, job } = world()
  const { job: mine } = await job(machine())
  await clock.advance(90_500)
  expect(await mine.trigger()).toMatchObject({ ran: true })
  expect(minutesOf(ticks)).toEqual([1, 90.5 / 60])
  await expect(mine.history()).rejects.toThrow(/give cron\(\) a ledger/)
})

test('numbers that cannot work together, and machines that disagree, are told once', async () => {
  const { clock, ledger, machine, job } = world()
  const slow = (): Promise<void> => new Promise((resolve) => clock.schedule(20_000, resolve))
  const one = await job(machine(0, undefined, { ttl: '30s' }), { ledger, atMostFor: '35s' }, slow)
  const two = await job(
    machine(0, undefined, { ttl: '30s' }),
    { ledger, atMostFor: '35s', schedule: '*/3 * * * *' },
    slow,
  )
  await clock.advance(20 * MINUTE_MS)
  const told = [...one.events, ...two.events].filter((event) => event.startsWith('warned'))
  expect(told.filter((event) => event.includes('more than a third of the interval, 60000 ms'))).toHaveLength(1)
  expect(told.filter((event) => event.includes('half of its runs took 20000 ms'))).toHaveLength(2)
})
