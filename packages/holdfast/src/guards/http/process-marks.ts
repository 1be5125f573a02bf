/** Marks in the memory of one process, for a server that is one process and keeps its data there. */
import { MARK_WAIT_MS_DEFAULT, MARK_WAIT_MS_MAX, PROCESS_MARKS_MAX } from '../../store/limits.ts'
import { systemClock } from '../../time/clock.ts'
import { type Duration, durationMs } from '../../time/duration.ts'
import { type Admission, admissions, type GuardOptions } from '../admission.ts'
import type { HttpMarks } from './marks.ts'
import { TurnQueue } from './turn-queue.ts'

export interface ProcessMarksOptions extends GuardOptions {
  /** How long a request waits for the one before it. 1 ms – 1 h. @default '10s' */
  readonly wait?: Duration
}

/**
 * Marks that this process alone knows. Requests with an exclusive token run one after the other for each lock; those with a
 * shared one run together, and hold up the next exclusive one until they are over. A restart forgets the marks, and a second
 * process has others: keep the marks where the data is as soon as the data outlives the process.
 *
 * @example
 * ```ts
 * const guard = httpGuard(processMarks({ wait: '5s' }))
 * ```
 */
export function processMarks(options: ProcessMarksOptions = {}): HttpMarks<undefined> {
  const { wait = MARK_WAIT_MS_DEFAULT, clock = systemClock } = options
  const admit = admissions(options, 'http')
  const queue = new TurnQueue(clock, durationMs('wait', wait, { minMs: 1, maxMs: MARK_WAIT_MS_MAX }))
  const marks = new ProcessMarks()
  return {
    async run(lease, work) {
      const admission = admit(lease)
      // A stale one need not wait to be told so.
      marks.compare(admission)
      const leave = await queue.enter(admission.resource, admission.raises ? 'alone' : 'together')
      try {
        lease.assertHeld()
        marks.pass(admission)
        return await work(undefined)
      } finally {
        leave()
      }
    },
  }
}

class ProcessMarks {
  readonly #marks = new Map<string, bigint>()
  /** The highest mark that was given up for room, for each namespace: its tokens are on one scale. */
  readonly #floors = new Map<string, bigint>()

  compare({ resource, token, stale }: Admission): void {
    const mark = this.#marks.get(resource) ?? this.#floors.get(namespaceOf(resource)) ?? 0n
    if (mark > token) throw stale(mark)
  }

  pass(admission: Admission): void {
    this.compare(admission)
    const { resource, token, raises } = admission
    if (!raises) return
    // The last one that was raised stands last.
    this.#marks.delete(resource)
    this.#marks.set(resource, token)
    if (this.#marks.size > PROCESS_MARKS_MAX) this.#giveUpOldest()
  }

  /** What is forgotten must not let an older token in: from then on such a token is refused for every lock without a mark. */
  #giveUpOldest(): void {
    const [oldest] = this.#marks
    if (oldest === undefined) return
    const [resource, mark] = oldest
    this.#marks.delete(resource)
    const namespace = namespaceOf(resource)
    const floor = this.#floors.get(namespace) ?? 0n
    this.#floors.set(namespace, mark > floor ? mark : floor)
  }
}

function namespaceOf(resource: string): string {
  return resource.slice(0, resource.indexOf('!'))
}
