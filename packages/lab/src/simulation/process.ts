/**
 * A simulated process: its own view of the shared clock, and a gate through which everything that wakes its code must
 * pass. While it is paused the timers and answers queue up and time goes on; when it has crashed nothing passes again.
 */
import type { Clock, Timer } from 'holdfast'
import type { Random } from '@holdfast/testbed/random'

interface Waking {
  readonly kind: 'timer' | 'answer'
  readonly callback: () => void
  cancelled: boolean
}

const NANOSECOND_MS = 1e-6

export class Process implements Clock {
  readonly name: string
  /** Timers that were set by this process and neither fired nor were cancelled. */
  timers = 0
  /** How often code of this process was woken. */
  wakings = 0
  state: 'running' | 'paused' | 'crashed' = 'running'
  readonly #clock: Clock
  readonly #random: Random
  readonly #originMs: number
  #wallOffsetMs: number
  #backlog: Waking[] = []

  constructor(name: string, clock: Clock, random: Random) {
    this.name = name
    this.#clock = clock
    this.#random = random
    // Machines count from their own start, and their wall clocks are not quite set.
    this.#originMs = random.between(-500_000, 500_000)
    this.#wallOffsetMs = random.between(-2_000, 2_000)
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs() + this.#originMs
  }

  wallMs(): number {
    return this.#clock.wallMs() + this.#wallOffsetMs
  }

  schedule(delayMs: number, callback: () => void): Timer {
    this.timers += 1
    let over = false
    const finish = (): boolean => {
      if (over) return false
      over = true
      this.timers -= 1
      return true
    }
    const waking: Waking = { kind: 'timer', cancelled: false, callback: () => finish() && callback() }
    // Two origins add up to rounding errors, and no timer may fire before its time.
    const timer = this.#clock.schedule(delayMs > 0 ? delayMs + NANOSECOND_MS : 0, () => this.#wake(waking))
    return {
      cancel: () => {
        finish()
        waking.cancelled = true
        timer.cancel()
      },
    }
  }

  stepWall(ms: number): void {
    this.#wallOffsetMs += ms
  }

  /** What arrives from outside reaches the code of the process only while it runs. */
  receive<T>(answer: Promise<T>): Promise<T> {
    const turn = (): Promise<void> =>
      new Promise((resolve) => this.#wake({ kind: 'answer', cancelled: false, callback: resolve }))
    return answer.then(
      (value) => turn().then(() => value),
      (error: unknown) => turn().then(() => Promise.reject(error)),
    )
  }

  pause(): void {
    if (this.state === 'running') this.state = 'paused'
  }

  /** Everything that piled up happens now; a real loop runs its timers first, but an answer may have been half read. */
  resume(): void {
    if (this.state !== 'paused') return
    this.state = 'running'
    const backlog = this.#backlog
    this.#backlog = []
    const timersFirst = this.#random.chance(0.7)
    const ordered = timersFirst
      ? backlog.toSorted((a, b) => Number(b.kind === 'timer') - Number(a.kind === 'timer'))
      : backlog
    const next = (): void => {
      const waking = ordered.shift()
      if (waking === undefined) return
      this.#wake(waking)
      this.#clock.schedule(0, next)
    }
    next()
  }

  crash(): void {
    this.state = 'crashed'
    this.#backlog = []
  }

  #wake(waking: Waking): void {
    if (waking.cancelled || this.state === 'crashed') return
    if (this.state === 'paused') {
      this.#backlog.push(waking)
      return
    }
    this.wakings += 1
    waking.callback()
  }
}
