/**
 * Within a process one change of a line is in flight at a time, and what is asked meanwhile travels in the next write
 * together; so processes compete, and never claims of one process.
 */
import type { ScheduledItem, Timers } from '../../time/timer-queue.ts'
import { type Lane, type RecordChange, RecordFull } from './engine.ts'

export interface Place {
  readonly resource: string
  readonly lane: Lane
}

export interface PendingChange {
  readonly ids: readonly string[]
  readonly work: (change: RecordChange) => unknown
}

interface Asked extends PendingChange {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Answers the result of each. */
type ChangeTogether = (place: Place, together: readonly PendingChange[]) => Promise<readonly unknown[]>

interface FirstAsk {
  readonly id: string
  alarm?: ScheduledItem<() => void>
}

/** The others go over other connections when that of the leader is silent. */
const LEADER_MS_MAX = 200
/** Asks that travel in one write. */
const TOGETHER_MAX = 64

export class CombinedChanges {
  readonly #changeTogether: ChangeTogether
  readonly #asked = new Map<string, Asked[]>()
  /** By line: the claim that asks first and alone. */
  readonly #leaders = new Map<string, FirstAsk>()
  readonly #timers: Timers

  constructor(changeTogether: ChangeTogether, timers: Timers) {
    this.#changeTogether = changeTogether
    this.#timers = timers
  }

  add<Result>(place: Place, ids: readonly string[], work: (change: RecordChange) => Result): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const asked: Asked = { ids, work, resolve: resolve as (result: unknown) => void, reject }
      const key = keyOf(place)
      const queue = this.#asked.get(key)
      const leader = this.#leaders.get(key)
      if (queue === undefined) {
        this.#asked.set(key, [asked])
        void this.#drain(key, place)
      } else if (leader === undefined) queue.push(asked)
      else if (leader.id === ids[0]) {
        // It asks again because it found no free line, or was not answered.
        queue.unshift(asked)
        this.#goOn(key, leader, place)
      } else {
        queue.push(asked)
        leader.alarm ??= this.#timers.addIn(() => this.#goOn(key, leader, place), LEADER_MS_MAX)
      }
    })
  }

  /**
   * Where no change of the line is in flight, the claim asks in another way first; what is asked meanwhile stands behind it.
   * `undefined` where there is one, or `ask` answers nothing at once: then it is to be added as the others are.
   */
  askFirst<Result>(
    place: Place,
    id: string,
    ask: () => Promise<Result | undefined> | undefined,
    work: (change: RecordChange) => Result,
  ): Promise<Result> | undefined {
    const key = keyOf(place)
    const answer = this.#asked.has(key) ? undefined : ask()
    if (answer === undefined) return undefined
    const leader: FirstAsk = { id }
    this.#asked.set(key, [])
    this.#leaders.set(key, leader)
    const orAdded = async (): Promise<Result> => {
      try {
        return (await answer) ?? (await this.add(place, [id], work))
      } finally {
        this.#goOn(key, leader, place)
      }
    }
    return orAdded()
  }

  /** Those behind the leader wait no longer, if they still do. */
  #goOn(key: string, leader: FirstAsk, place: Place): void {
    if (this.#leaders.get(key) !== leader) return
    this.#leaders.delete(key)
    if (leader.alarm !== undefined) this.#timers.cancel(leader.alarm)
    void this.#drain(key, place)
  }

  /** Ends when nothing is asked any more: each round takes what was asked during the one before. */
  async #drain(key: string, place: Place): Promise<void> {
    for (;;) {
      const together = (this.#asked.get(key) ?? []).splice(0, TOGETHER_MAX)
      if (together.length === 0) {
        this.#asked.delete(key)
        return
      }
      try {
        const results = await this.#changeTogether(place, together)
        together.forEach(({ resolve }, index) => resolve(results[index]))
      } catch (error) {
        if (error instanceof RecordFull && together.length > 1) await this.#changeApart(place, together)
        else for (const { reject } of together) reject(error)
      }
    }
  }

  /** One of them makes the record too long, and the others must not suffer. */
  async #changeApart(place: Place, together: readonly Asked[]): Promise<void> {
    for (const asked of together) {
      await this.#changeTogether(place, [asked]).then(([result]) => asked.resolve(result), asked.reject)
    }
  }
}

function keyOf({ lane, resource }: Place): string {
  return `${lane} ${resource}`
}
