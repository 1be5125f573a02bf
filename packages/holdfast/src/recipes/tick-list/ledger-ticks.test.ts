/** What a ledger remembers of the ticks of a job, on virtual time. */
import { describe, expect, test } from 'vitest'
import { oncePerTick, type TickOptions } from '../cron/index.ts'
import { faulty, FIRST, heldWork, LINE, machines, NAME } from '../tick/machines.fixture.ts'
import type { TickResult } from '../tick/tick.ts'
import { History } from './history.ts'

const MINUTE_MS = 60_000
const at = (minutes: number): Date => new Date(FIRST.getTime() + minutes * MINUTE_MS)

describe('the ledger', () => {
  test('keeps a history, in which runs that died are interrupted', async () => {
    const { clock, ledger, machine } = machines()
    let isDead = false
    const dies = machine(0, () => (isDead ? { kind: 'unavailable' } : undefined), { owner: 'web-1' })
    const slow = heldWork()
    const options: TickOptions = { atMostFor: '10m', ledger }
    const lost = oncePerTick(dies.locks, NAME, at(0), options, slow.work)
    lost.catch(() => undefined)
    await clock.advance(10)
    isDead = true
    await clock.advance(MINUTE_MS)
    slow.finish()
    await expect(lost).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 'finished' } })
    const second = await oncePerTick(
      machine(0, undefined, { owner: 'web-2' }).locks,
      NAME,
      at(1),
      options,
      (run) => run.previous,
    )
    expect(second).toMatchObject({ ran: true, value: { tick: at(0), outcome: 'interrupted', owner: 'web-1' } })
    const { runs } = History.parse(LINE, (await ledger.get({ namespace: 'default', name: LINE }))?.value)
    expect(runs.map(({ tick, outcome, owner }) => [tick, outcome, owner])).toEqual([
      [at(1), 'returned', 'web-2'],
      [at(0), 'interrupted', 'web-1'],
    ])
  })

  test('does not list a tick that was written and not begun as begun', async () => {
    const { clock, ledger, machine } = machines()
    let isAway = true
    const late = faulty(ledger, (method) =>
      isAway && method === 'put' ? { error: new Error('connection reset'), isLate: true } : undefined,
    )
    const { locks } = machine()
    const options: TickOptions = { atMostFor: '10m', ledger: late }
    const failed = oncePerTick(locks, NAME, at(0), options, () => 'never')
    await Promise.all([expect(failed).rejects.toThrow('connection reset'), clock.advance(6_000)])
    isAway = false
    const other = await oncePerTick(machine().locks, NAME, at(0), options, () => 'never')
    expect(other).toMatchObject({ ran: false, because: 'done' })
  })

  test('is written again when its answer was lost, under the same lease', async () => {
    const { clock, ledger, machine } = machines()
    let failures = 0
    const options: TickOptions = {
      atMostFor: '10m',
      ledger: faulty(ledger, (method) => {
        return method === 'put' && (failures += 1) < 3 ? { error: new Error('connection reset') } : undefined
      }),
    }
    const run = oncePerTick(machine().locks, NAME, at(0), options, () => 7)
    await clock.advance(2_000)
    expect(await run).toMatchObject({ ran: true, value: 7 })
  })

  test('that is away at the end of a run costs the history its end, and not the caller its value', async () => {
    const { clock, ledger, machine } = machines()
    let isAway = false
    const on = machine()
    const away = faulty(ledger, (method) =>
      isAway && method === 'put' ? { error: new Error('no ledger') } : undefined,
    )
    const run = oncePerTick(on.locks, NAME, at(0), { atMostFor: '10m', ledger: away }, () => ((isAway = true), 7))
    await clock.advance(10_000)
    expect(await run).toMatchObject({ ran: true, value: 7 })
    expect(on.log.join()).toMatch(/could not be written down: no ledger/)
  })

  test('forgets the oldest ticks, and refuses those that it may have forgotten', async () => {
    const { ledger, machine } = machines()
    const { locks } = machine()
    const options: TickOptions = { atMostFor: '10m', ledger, history: 3, startWithin: '1h' }
    for (let minute = -9; minute <= 0; minute += 1) await oncePerTick(locks, NAME, at(minute), options, () => minute)
    const results: TickResult<unknown>[] = []
    for (const minute of [-9, -8, -3, -2, 0])
      results.push(await oncePerTick(locks, NAME, at(minute), options, () => 'never'))
    expect(results.map((result) => !result.ran && result.because)).toEqual(['late', 'late', 'late', 'done', 'done'])
  })

  test('with something else in it is refused, and left as it is', async () => {
    const { ledger, machine } = machines()
    const { locks } = machine()
    await locks.using(LINE, (lease) => ledger.put(lease, 'a note of mine'))
    const run = oncePerTick(locks, NAME, at(0), { atMostFor: '1m', ledger }, () => 'never')
    await expect(run).rejects.toMatchObject({
      code: 'MISUSE',
      message: expect.stringMatching(/something else than runs/),
    })
    expect((await ledger.get({ namespace: 'default', name: LINE }))?.value).toBe('a note of mine')
  })

  test('takes 200 runs of any size', () => {
    let history = History.parse(LINE, undefined)
    for (let minute = 0; minute < 400; minute += 1) {
      const record = {
        tick: at(minute),
        token: BigInt(minute),
        owner: 'ö'.repeat(100),
        startedAt: at(minute),
        tookMs: 1,
      }
      history = history.with({ ...record, outcome: 'threw', error: '😀'.repeat(250) }, 200)
    }
    expect(Buffer.byteLength(String(history))).toBeLessThan(65_536)
    expect(history.runs.length).toBeGreaterThan(30)
    expect(History.parse(LINE, String(history))).toEqual(history)
    expect(history.forgottenMs).toBe(history.runs.at(-1)!.tick.getTime() - MINUTE_MS)
  })
})
