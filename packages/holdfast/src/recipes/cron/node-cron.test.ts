/**
 * The real node-cron, which fires by its own timers, asks this coordinator.
 * @module-tag real-time
 */
import { createTask, setRunCoordinator } from 'node-cron'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import { memory, memoryEngine } from '../../stores/memory/index.ts'
import { machines } from '../tick/machines.fixture.ts'
import { cron, type RunCoordinator, runCoordinator, type RunCoordinatorOptions, type Schedule } from './index.ts'

afterEach(() => setRunCoordinator(undefined))

test('two instances of node-cron run each of their ticks once', async () => {
  const engine = memoryEngine()
  const ticks: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  for (let instance = 0; instance < 2; instance += 1) {
    const locks = holdfast(memory(engine), { ttl: '300ms' })
    const task = createTask(
      '* * * * * *',
      ({ date }) => {
        ticks.push(date.toISOString())
        if (ticks.length === 3) resolve()
      },
      { name: 'report', distributed: true, runCoordinator: runCoordinator(locks, { atMostFor: '30s' }) },
    )
    onTestFinished(async () => {
      await task.destroy()
      await locks.close()
    })
    await task.start()
  }
  await promise
  expect(ticks).toEqual([...new Set(ticks)])
})

describe('the coordinator', () => {
  const key = (minute: number): string => `report:2026-01-01T00:0${minute}:00.000Z`

  function world(options: Partial<RunCoordinatorOptions> = {}) {
    const around = machines()
    const lost: string[] = []
    const coordinator = (): RunCoordinator => {
      const onLost = (which: string): void => void lost.push(which)
      return runCoordinator(around.machine().locks, { atMostFor: '2m', onLost, ...options })
    }
    return { ...around, lost, coordinator }
  }

  test('keeps the lock from shouldRun to onComplete, and has the interface that node-cron asks for', async () => {
    const { clock, coordinator, machine, ledger } = world()
    const [one, two] = [coordinator(), coordinator()]
    setRunCoordinator(one)
    expect(await one.shouldRun(key(0), 1_000)).toBe(true)
    expect((await machine().locks.inspect('cron:report')).claims[0]).toMatchObject({
      state: 'held',
      note: '2026-01-01T00:00:00.000Z',
    })
    const busy = two.shouldRun(key(1), 1_000)
    await clock.advance(10_000)
    expect(await busy).toBe(false)
    await one.onComplete(key(0))
    expect((await machine().locks.inspect('cron:report')).claims).toEqual([])
    expect(await two.shouldRun(key(0), 1_000)).toBe(false)
    const kept = runCoordinator(machine().locks, { atMostFor: '2m', ledger })
    expect(await kept.shouldRun(key(0), 1_000)).toBe(true)
    await kept.onComplete(key(0))
    expect((await ledger.get({ namespace: 'default', name: 'cron:report' }))?.value).toContain('"outcome":"ended"')
    await expect(one.shouldRun('report', 1_000)).rejects.toMatchObject({ code: 'MISUSE' })
  })

  test('frees the job after atMostFor when it is not told that the run is over, as when its daemon was killed', async () => {
    const { clock, coordinator, lost } = world()
    const [one, two] = [coordinator(), coordinator()]
    expect(await one.shouldRun(key(0), 1_000)).toBe(true)
    await clock.advance(121_000)
    const next = two.shouldRun(key(2), 1_000)
    await clock.advance(11_000)
    expect(await next).toBe(true)
    expect(lost).toEqual([key(0)])
    await one.onComplete(key(0))
  })
})

test('a schedule of croner can be given as it is', async () => {
  const { Cron } = await import('croner')
  const schedule: Schedule = new Cron('*/5 * * * *', { timezone: 'UTC', paused: true })
  const { clock, machine } = machines()
  const job = await cron(machine().locks, 'given', { schedule, atMostFor: '1m' }, () => 0)
  expect(job.next()).toEqual(new Date(clock.wallMs() + 5 * 60_000))
  await job.stop()
})
