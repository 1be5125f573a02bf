/** The watchdog's own thread: its timers and its work are late when the machine is, and never because of a test. */
import { openSync, writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { burst, type Stretch, Stretches, TICK_MS, TICKS_PER_BURST } from './measure.ts'
import { textOf } from './pace.ts'

export interface ThreadData {
  /** Gets each stretch as a line of JSON. */
  readonly logFile: string
  readonly paceFile: string
  readonly stretchMs: number
}

/** How many stretches the published pace is of: the worst of them, because a limit covers time that has passed. */
const PUBLISHED_STRETCHES = 10

const { logFile, paceFile, stretchMs } = workerData as ThreadData
const log = openSync(logFile, 'a')
const published = openSync(paceFile, 'w')
const latest: Stretch[] = []

const stretches = new Stretches(Date.now(), stretchMs, (stretch) => {
  latest.push(stretch)
  if (latest.length > PUBLISHED_STRETCHES) latest.shift()
  const slowdown = Math.max(...latest.map((each) => each.slowdown))
  const lateMs = Math.max(...latest.map((each) => each.lateMs))
  writeSync(published, textOf({ slowdown, lateMs }), 0)
  writeSync(log, `${JSON.stringify(stretch)}\n`)
})

let ticks = 0
let dueMs = performance.now() + TICK_MS

function tick(): void {
  const lateMs = Math.max(0, performance.now() - dueMs)
  ticks += 1
  stretches.add(Date.now(), lateMs, ticks % TICKS_PER_BURST === 0 ? burst() : undefined)
  dueMs = performance.now() + TICK_MS
  setTimeout(tick, TICK_MS)
}

setTimeout(tick, TICK_MS)
