/**
 * Watches how late this machine runs while tests run on it, so that a test that failed by a limit in seconds can be told
 * from one that failed on a machine that had no time for it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Stretch } from './measure.ts'
import { PACE_FILE } from './pace.ts'
import type { ThreadData } from './thread.ts'

const STRETCH_MS = 1_000
const LOG = 'stretches.ndjson'
/** Built or not: it stands beside this file. */
const THREAD = import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js'

/**
 * A second in which work took three times as long as it should, or a timer fired half a second late, starves what runs
 * in it. Measured on two processors: alone 1.0, our own suites 1.5 – 2.5, beside two endless loops 2 – 3.5, beside six 4 – 5.
 */
export const STARVED_SLOWDOWN = 3
export const STARVED_LATE_MS = 500

/** What happened just before a test began lames it as well: servers that it uses, processes that it started. */
const BEFORE_MS = 2_000

/** How badly, at its worst. */
export interface Starvation {
  readonly slowdown: number
  readonly lateMs: number
}

export class Watchdog {
  readonly #folder: string
  readonly #thread: Worker

  private constructor(folder: string, thread: Worker) {
    this.#folder = folder
    this.#thread = thread
    // What it measures must not keep a process alive.
    thread.unref()
  }

  /** Publishes the pace to every process that is started from now on. */
  static start(): Watchdog {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-watchdog-'))
    const data: ThreadData = { logFile: join(folder, LOG), paceFile: join(folder, 'pace'), stretchMs: STRETCH_MS }
    writeFileSync(data.logFile, '')
    process.env[PACE_FILE] = data.paceFile
    return new Watchdog(folder, new Worker(new URL(THREAD, import.meta.url), { workerData: data }))
  }

  /** Between two moments of the wall clock; undefined when the machine had time. */
  starvation(fromMs: number, toMs: number): Starvation | undefined {
    const lines = readFileSync(join(this.#folder, LOG), 'utf8').split('\n').slice(0, -1)
    const stretches = lines.map((line) => JSON.parse(line) as Stretch)
    return starvationIn(stretches.filter((each) => each.toMs >= fromMs - BEFORE_MS && each.fromMs <= toMs))
  }

  async close(): Promise<void> {
    delete process.env[PACE_FILE]
    await this.#thread.terminate()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

export function starvationIn(stretches: readonly Stretch[]): Starvation | undefined {
  const slowdown = Math.max(1, ...stretches.map((each) => each.slowdown))
  const lateMs = Math.max(0, ...stretches.map((each) => each.lateMs))
  return slowdown >= STARVED_SLOWDOWN || lateMs >= STARVED_LATE_MS ? { slowdown, lateMs } : undefined
}
