/** The list of ticks in the store of the locks: a lock for each tick, which stays taken for a time without a holder. */
import type { LockClient } from '../../client/client.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { OutcomeUnknown } from '../../store/errors.ts'
import { acquire } from '../../wait/acquire.ts'
import { mutexShape } from '../mutex.ts'
import { recipeName } from '../recipe-name.ts'
import type { RunRecord } from '../tick/tick.ts'
import type { Listing, TickList } from './tick-list.ts'

export class StoreTicks implements TickList {
  readonly seen: undefined
  readonly #client: LockClient
  readonly #name: string
  readonly #settings: AcquireSettings

  /** `name` is that of the job; `settings` those of its lock. */
  constructor(client: LockClient, name: string, settings: AcquireSettings, rememberMs: number) {
    this.#client = client
    this.#name = name
    this.#settings = { ...settings, minHoldMs: rememberMs }
  }

  /** A look costs as much as the try that follows it. */
  async find(): Promise<undefined> {}

  /** Given back at once, so that it is remembered from now on whatever becomes of the run. */
  async begin(lease: HeldLease, { tick }: RunRecord): Promise<Listing | { readonly previous: null }> {
    const name = recipeName('cron', `${this.#name}@${tick.toISOString()}`)
    const mark = await acquire(this.#client, {
      shape: mutexShape(name),
      resource: this.#client.resourceOf(name),
      queue: false,
      isTrial: true,
      settings: this.#settings,
    })
    if (mark === null) return { because: 'done', by: null }
    if ((await mark.release()) === 'released') return { previous: null }
    throw new OutcomeUnknown(`"${lease.name}": whether its tick ${tick.toISOString()} is listed is not known`)
  }

  began(): void {}
  async undo(): Promise<void> {}
  async end(): Promise<void> {}
}
