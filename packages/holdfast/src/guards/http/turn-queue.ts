/** Turns of one process: for each key, works that go alone and works that go together, in the order in which they came. */
import { WaitTimeout } from '../../store/errors.ts'
import { TURNS_WAITING_MAX } from '../../store/limits.ts'
import type { Clock } from '../../time/clock.ts'
import { formatMs } from '../../time/duration.ts'

export type TurnKind = 'alone' | 'together'

/** What has not ended yet, for one key. */
interface Turns {
  /** The last turn alone. */
  alone: Promise<unknown>
  /** Turns together that came since. */
  together: Promise<unknown>[]
  count: number
}

export class TurnQueue {
  readonly #clock: Clock
  readonly #waitMs: number
  readonly #turns = new Map<string, Turns>()

  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock
    this.#waitMs = waitMs
  }

  /** Resolves with what ends the turn, or rejects with `WaitTimeout` when it did not come in time, or too many wait. */
  async enter(key: string, kind: TurnKind): Promise<() => void> {
    const turns = this.#turnsOf(key)
    if (turns.count > TURNS_WAITING_MAX) throw this.#tooMany(key)
    turns.count += 1
    const ahead = kind === 'alone' ? [turns.alone, ...turns.together] : [turns.alone]
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    if (kind === 'alone') {
      turns.alone = ended
      turns.together = []
    } else {
      turns.together.push(ended)
    }
    const leave = (): void => {
      end()
      turns.count -= 1
      if (turns.count === 0) this.#turns.delete(key)
    }
    const before = Promise.all(ahead)
    if (await this.#comesInTime(before)) return leave
    // Those behind wait for what was ahead of this one, as they did.
    void before.then(leave)
    throw new WaitTimeout(
      `${key}: a request before this one held it for longer than ${formatMs(this.#waitMs)} (wait)`,
      {
        resource: key,
        waitedMs: this.#waitMs,
      },
    )
  }

  #turnsOf(key: string): Turns {
    const known = this.#turns.get(key)
    if (known !== undefined) return known
    const turns: Turns = { alone: Promise.resolve(), together: [], count: 0 }
    this.#turns.set(key, turns)
    return turns
  }

  async #comesInTime(before: Promise<unknown>): Promise<boolean> {
    return await new Promise((resolve) => {
      const alarm = this.#clock.schedule(this.#waitMs, () => resolve(false))
      void before.then(() => {
        alarm.cancel()
        resolve(true)
      })
    })
  }

  #tooMany(key: string): WaitTimeout {
    return new WaitTimeout(`${key}: ${TURNS_WAITING_MAX} requests wait for it in this process, which is the limit`, {
      resource: key,
      waitedMs: 0,
    })
  }
}
