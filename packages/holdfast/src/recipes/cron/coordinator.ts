/** For node-cron, which asks before each run and tells when it is over: the run in between keeps its lock. */
import type { LockClient } from '../../client/client.ts'
import { Misuse } from '../../store/errors.ts'
import { instant } from '../../time/instant.ts'
import { tickRules } from './plan.ts'
import { messageOf } from '../tick/rule.ts'
import type { TickOptions } from '../tick/tick.ts'
import type { RunCoordinator, RunCoordinatorOptions } from './cron.ts'

interface OpenRun {
  readonly ended: Promise<void>
  finish(): void
}

/** The name of the job and the instant that it is due. */
const KEY = /^(.+):(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/s

export class LineCoordinator implements RunCoordinator {
  readonly #client: LockClient
  readonly #options: TickOptions
  readonly #onLost: (key: string, error: unknown) => void
  readonly #runs = new Map<string, OpenRun>()

  constructor(client: LockClient, { onLost, ...options }: RunCoordinatorOptions) {
    this.#client = client
    this.#options = options
    this.#onLost = onLost ?? ((key, error) => client.logger?.warn(`the run "${key}" goes on: ${messageOf(error)}`))
    tickRules(client, 'any', options)
  }

  shouldRun = async (key: string): Promise<boolean> => {
    const [, name = '', due = ''] = KEY.exec(key) ?? []
    if (due === '') throw new Misuse(`node-cron gives keys that end in an instant, got ${JSON.stringify(key)}`)
    const { rule } = tickRules(this.#client, name, this.#options, { outcome: 'ended' })
    const begun = Promise.withResolvers<boolean>()
    const finished = Promise.withResolvers<void>()
    const ended = rule
      .run({ tick: instant(due), ends: this.#client.closing }, async ({ signal }) => {
        // The daemon of a background task may die, and then the end of the run is never told.
        signal.addEventListener('abort', () => this.#lost(key, signal.reason), { once: true })
        begun.resolve(true)
        await finished.promise
      })
      .then(() => begun.resolve(false), begun.reject)
      .finally(() => this.#runs.delete(key))
    this.#runs.set(key, { ended, finish: () => finished.resolve() })
    return await begun.promise
  }

  onComplete = async (key: string): Promise<void> => {
    const run = this.#runs.get(key)
    run?.finish()
    await run?.ended
  }

  #lost(key: string, error: unknown): void {
    const run = this.#runs.get(key)
    if (run === undefined) return
    this.#onLost(key, error)
    run.finish()
  }
}
