/** One run for each tick, on virtual time: who runs it, what is remembered, and what a death in between leaves behind. */
import { describe, expect, test } from 'vitest'
import { currentRun, oncePerTick, type TickOptions } from '../cron/index.ts'
import { FIRST, heldWork, LINE, machines, NAME, type Machine } from './machines.fixture.ts'
import type { CronRun } from './tick.ts'

const MINUTE_MS = 60_000
const at = (minutes: number): Date => new Date(FIRST.getTime() + minutes * MINUTE_MS)

/** By whether there is a ledger. */
const ways = [
  ['with a ledger', true],
  ['without a ledger', false],
] as const

describe.each(ways)('%s', (_, hasLedger) => {
  function world() {
    const { clock, ledger, machine } = machines()
    const options: TickOptions = { atMostFor: '10m', ...(hasLedger ? { ledger } : {}) }
    const run = <T>(
      on: Machine,
      tick: Date,
      work: (run: CronRun) => T | PromiseLike<T>,
      more: Partial<TickOptions> = {},
    ) => oncePerTick(on.locks, NAME, tick, { ...options, ...more }, work)
    return { clock, ledger, machine, run }
  }

  test('a tick is run by one of many machines, and the others are told that it is done', async () => {
    const { clock, machine, run } = world()
    let runs = 0
    const results = [machine(), machine(), machine()].map((each) => run(each, at(0), () => (runs += 1)))
    await clock.advance(2_000)
    const ended = await Promise.all(results)
    expect(runs).toBe(1)
    expect(ended.filter(({ ran }) => ran)).toMatchObject([{ value: 1, record: { tick: at(0), outcome: 'returned' } }])
    expect(ended.flatMap((end) => (end.ran ? [] : end.because))).toEqual(['done', 'done'])
  })

  test('a tick whose run was shorter than the clocks are apart is not run again', async () => {
    const { clock, machine, run } = world()
    const slow = machine(-120_000)
    let runs = 0
    expect((await run(machine(), at(0), () => (runs += 1))).ran).toBe(true)
    await clock.advance(120_000)
    expect(await run(slow, at(0), () => (runs += 1))).toMatchObject({ ran: false, because: 'done' })
    expect(runs).toBe(1)
  })

  test('a runner that died before it began does not swallow the tick, and one that died at work leaves it begun', async () => {
    const { clock, machine, run } = world()
    let isDead = false
    const dies = machine(0, () => (isDead ? { kind: 'lost-request', silence: 'throws' } : undefined))
    const lease = await dies.locks.acquire(LINE)
    isDead = true
    const found = run(machine(), at(0), () => 'found')
    await clock.advance(10_000)
    expect(await found).toMatchObject({ ran: true, value: 'found' })
    expect(lease.isHeld()).toBe(false)

    isDead = false
    const slow = heldWork()
    run(dies, at(1), slow.work).catch(() => undefined)
    await clock.advance(60_000)
    isDead = true
    await clock.advance(10_000)
    expect(slow.runs).toHaveLength(1)
    expect(await run(machine(), at(1), () => 'again')).toMatchObject({ ran: false, because: 'done' })
    expect((await run(machine(), at(2), () => 'next')).ran).toBe(true)
  })

  test('a tick of another run that goes on is busy after one ttl', async () => {
    const { clock, machine, run } = world()
    const slow = heldWork()
    const first = run(machine(), at(0), slow.work)
    await clock.advance(10)
    const second = run(machine(), at(1), () => 'never')
    await clock.advance(8_900)
    slow.finish()
    await clock.advance(1_000)
    expect((await first).ran).toBe(true)
    // A little before the ttl was over the first one ended.
    expect(await second).toMatchObject({ ran: true })
    const third = run(machine(), at(2), () => new Promise(() => undefined))
    third.catch(() => undefined)
    await clock.advance(10)
    const busy = run(machine(), at(3), () => 'never')
    await clock.advance(10_000)
    expect(await busy).toMatchObject({ ran: false, because: 'busy' })
  })

  test('a tick begins neither too late nor ahead of the clock of the store', async () => {
    const { clock, machine, run } = world()
    expect(await run(machine(), at(-6), () => 'never')).toMatchObject({ because: 'late' })
    expect((await run(machine(), at(-6), () => 'in time', { startWithin: '7m' })).ran).toBe(true)
    const ahead = machine(10 * MINUTE_MS)
    let isRun = false
    const waits = run(ahead, at(10), () => (isRun = true))
    await clock.advance(9.9 * MINUTE_MS)
    expect(isRun).toBe(false)
    expect(ahead.log.join()).toMatch(/its tick 2026-01-01T00:10:00.000Z is 600 s ahead of the clock of the store/)
    await clock.advance(MINUTE_MS)
    expect((await waits).ran).toBe(true)
    expect(await run(machine(3 * 60 * MINUTE_MS), at(191), () => 'never')).toMatchObject({ because: 'early' })
  })

  test('a run is stopped after atMostFor and frees the job a ttl later, unless it was extended', async () => {
    const { clock, machine, run } = world()
    const [slow, extended] = [heldWork(), heldWork()]
    const first = run(machine(), at(0), slow.work)
    first.catch(() => undefined)
    await clock.advance(10 * MINUTE_MS)
    expect(slow.runs[0]?.stopping.aborted).toBe(true)
    expect(slow.runs[0]?.signal.aborted).toBe(false)
    expect(() => slow.runs[0]?.extend('1m')).toThrow(/asked to stop before/)
    const next = run(machine(), at(10), extended.work)
    await clock.advance(10_000)
    expect(extended.runs).toHaveLength(1)
    slow.finish()
    await expect(first).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 'finished' } })
    extended.runs[0]?.extend('30m')
    await clock.advance(20 * MINUTE_MS)
    expect(extended.runs[0]?.stopping.aborted).toBe(false)
    extended.finish()
    await clock.advance(10)
    expect(await next).toMatchObject({ ran: true, record: { outcome: 'returned' } })
  })

  test('a run that was stopped in time is told to have overrun, and returns what its work returned', async () => {
    const { clock, machine, run } = world()
    const work = async ({ stopping }: CronRun): Promise<string> => {
      await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }))
      return 'stopped'
    }
    const ended = run(machine(), at(0), work)
    await clock.advance(10 * MINUTE_MS)
    expect(await ended).toMatchObject({ ran: true, value: 'stopped', record: { outcome: 'overran' } })
  })

  test('what the work throws is thrown, and the tick is not run again', async () => {
    const { machine, run } = world()
    await expect(run(machine(), at(0), () => Promise.reject(new Error('no paper')))).rejects.toThrow('no paper')
    expect(await run(machine(), at(0), () => 'never')).toMatchObject({ because: 'done' })
  })

  test('the lock is kept for atLeastFor however short the run was', async () => {
    const { clock, machine, run } = world()
    await run(machine(), at(0), () => 'short', { atLeastFor: '2m' })
    await clock.advance(MINUTE_MS)
    const busy = run(machine(), at(1), () => 'never')
    await clock.advance(10_000)
    expect(await busy).toMatchObject({ because: 'busy' })
    await clock.advance(MINUTE_MS)
    expect((await run(machine(), at(2), () => 'free')).ran).toBe(true)
  })

  test('code inside of a run finds it, and code outside is refused', async () => {
    const { machine, run } = world()
    const result = await run(machine(), at(0), async (given) => {
      await Promise.resolve()
      currentRun().assertHeld()
      expect(await given.release()).toBe('unknown')
      return currentRun() === given && given.stopping.aborted
    })
    expect(result).toMatchObject({ ran: true, value: true })
    expect(() => currentRun()).toThrow(/no part of a run/)
  })
})

test('bad options are refused before anything is sent', async () => {
  const { ledger, machine } = machines()
  const { locks } = machine()
  const refused = (options: object, words: RegExp) =>
    expect(oncePerTick(locks, NAME, at(0), options as TickOptions, () => 0)).rejects.toThrow(words)
  await refused({}, /atMostFor is needed/)
  await refused({ atMostFor: '500ms' }, /atMostFor must be between/)
  await refused({ atMostFor: '1m', atLeastFor: '1m' }, /less than atMostFor/)
  await refused({ atMostFor: '1m', history: 0, ledger }, /history must be/)
  await refused({ atMostFor: '1m', ledger: {} }, /ledger must have get, enter and put/)
  await refused({ atMostFor: '1m', remember: '1m' }, /not be less than startWithin/)
  await refused({ atMostFor: '1m', wait: 1 }, /no option "wait"/)
  await expect(oncePerTick(locks, NAME, new Date('x'), { atMostFor: '1m' }, () => 0)).rejects.toThrow(/must be a date/)
})
