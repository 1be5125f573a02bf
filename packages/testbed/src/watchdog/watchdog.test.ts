/** @module-tag real-time */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { until } from '../engines/until.ts'
import { type Stretch, Stretches } from './measure.ts'
import { pace, PACE_FILE, patient } from './pace.ts'
import { starvationIn, STARVED_LATE_MS, STARVED_SLOWDOWN, Watchdog } from './watchdog.ts'

describe('a watchdog', () => {
  let watchdog: Watchdog
  let outer: string | undefined
  beforeEach(() => {
    outer = process.env[PACE_FILE]
    watchdog = Watchdog.start()
  })
  // The run has one of its own.
  afterEach(async () => {
    await watchdog.close()
    if (outer !== undefined) process.env[PACE_FILE] = outer
  })

  test('notices that the machine is starved, when it was, and publishes the pace', async () => {
    const startMs = Date.now()
    const loops = Array.from({ length: 4 * availableParallelism() }, () => spawn(process.execPath, ['-e', 'for(;;);']))
    onTestFinished(() => loops.forEach((loop) => void loop.kill('SIGKILL')))
    const starved = (): boolean => watchdog.starvation(startMs, Date.now()) !== undefined
    await until(starved, { withinMs: 30_000, everyMs: 100, what: 'that a starved machine is noticed' })
    expect(pace().slowdown).toBeGreaterThanOrEqual(STARVED_SLOWDOWN)
    expect(patient(100)).toBeGreaterThanOrEqual(100 * STARVED_SLOWDOWN)
    expect(patient(100, { below: 200 })).toBe(199)
    // Long before.
    expect(watchdog.starvation(startMs - 20_000, startMs - 10_000)).toBeUndefined()
  })

  test('that is closed leaves nothing behind, and the machine counts as quiet', async () => {
    const file = process.env[PACE_FILE] ?? ''
    await until(() => existsSync(file), { withinMs: 20_000, what: 'the first measurement' })
    await watchdog.close()
    expect(existsSync(file)).toBe(false)
    expect({ ...pace(), limitMs: patient(100) }).toEqual({ slowdown: 1, lateMs: 0, limitMs: 100 })
  })
})

test('what was measured is collected to stretches: the mean of the slowdowns, the latest of the timers', () => {
  const seen: Stretch[] = []
  const stretches = new Stretches(1_000, 100, (stretch) => seen.push(stretch))
  stretches.add(1_050, 3, 1)
  stretches.add(1_090, 40)
  stretches.add(1_120, 2, 4)
  // Nothing was measured in time: the stretch is longer.
  stretches.add(1_240, 7)
  stretches.add(1_260, 1, 6)
  expect(seen).toEqual([
    { fromMs: 1_000, toMs: 1_120, slowdown: 2.5, lateMs: 40 },
    { fromMs: 1_120, toMs: 1_260, slowdown: 6, lateMs: 7 },
  ])
})

test.each([
  [[], undefined],
  [[[STARVED_SLOWDOWN - 0.1, STARVED_LATE_MS - 1]], undefined],
  [
    [
      [1, 0],
      [STARVED_SLOWDOWN, 5],
      [1.5, 9],
    ],
    { slowdown: STARVED_SLOWDOWN, lateMs: 9 },
  ],
  [[[1.2, STARVED_LATE_MS]], { slowdown: 1.2, lateMs: STARVED_LATE_MS }],
] as const)('one bad second of %j starves: %j', (measured, starvation) => {
  const stretches = measured.map(([slowdown, lateMs]) => ({ fromMs: 0, toMs: 1, slowdown, lateMs }))
  expect(starvationIn(stretches)).toEqual(starvation)
})
