/** What the watchdog's thread measures: how late timers fire, and how much longer work takes than on a quiet machine. */

/** One stretch of time of this machine, about a second long. Moments are those of the wall clock. */
export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
  /** How many times longer a piece of work took than the processor needed for it; 1 on a quiet machine. */
  readonly slowdown: number
  /** How late the latest timer fired. */
  readonly lateMs: number
}

/** How often a timer is looked at, and every how many of them a piece of work is done. */
export const TICK_MS = 50
export const TICKS_PER_BURST = 5
/**
 * How much processor time a piece of work takes: about two slices of the scheduler, because a thread that slept gets one
 * at once, however many others wait. In all it is 2 % of one processor.
 */
const BURST_MS = 5

/** Works for a while, and returns how many times longer it took than it should. */
export function burst(): number {
  const [startMs, startCpuMs] = [performance.now(), cpuMs()]
  let usedMs = 0
  let sum = 0
  while (usedMs < BURST_MS) {
    for (let step = 0; step < 20_000; step += 1) sum += step
    usedMs = cpuMs() - startCpuMs
  }
  return sum > 0 ? Math.max(1, (performance.now() - startMs) / usedMs) : 1
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** Collects what was measured to stretches, and hands on each when it is long enough. */
export class Stretches {
  readonly #lengthMs: number
  readonly #onStretch: (stretch: Stretch) => void
  #fromMs: number
  #bursts: number[] = []
  #lateMs = 0

  constructor(fromMs: number, lengthMs: number, onStretch: (stretch: Stretch) => void) {
    this.#fromMs = fromMs
    this.#lengthMs = lengthMs
    this.#onStretch = onStretch
  }

  add(atMs: number, lateMs: number, slowdown?: number): void {
    this.#lateMs = Math.max(this.#lateMs, lateMs)
    if (slowdown !== undefined) this.#bursts.push(slowdown)
    if (atMs - this.#fromMs < this.#lengthMs || this.#bursts.length === 0) return
    const sum = this.#bursts.reduce((total, each) => total + each, 0)
    this.#onStretch({ fromMs: this.#fromMs, toMs: atMs, slowdown: sum / this.#bursts.length, lateMs: this.#lateMs })
    this.#fromMs = atMs
    this.#bursts = []
    this.#lateMs = 0
  }
}
