/** One partition on the member that it is assigned to: waits for its lock, works under it, gives it back when the work has returned. */
import type { LockClient } from '../../client/client.ts'
import type { Events } from '../../client/events.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import { LeaseProxy } from '../../lease/lease-proxy.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { LeaseLost } from '../../store/errors.ts'
import { Duty, type MaybePromise } from '../duty.ts'
import { mutexShape } from '../mutex.ts'
import { acquireInTheEnd } from '../unlimited-wait.ts'
import type { Partition, PartitionEvents } from '../partitions/partitions.ts'

export type PartitionWork = (partition: Partition) => MaybePromise<void>

export interface SharePlan {
  readonly index: number
  readonly generation: bigint
  /** The group, as its user calls it. */
  readonly group: string
  /** The lock of the partition on the store. */
  readonly name: string
  readonly settings: AcquireSettings
  readonly drainWithinMs: number
  readonly work: PartitionWork
}

export class PartitionShare {
  readonly #client: LockClient
  readonly #plan: SharePlan
  readonly #events: Events<PartitionEvents>
  readonly #unwanted = new AbortController()
  #duty: Duty | undefined

  constructor(client: LockClient, plan: SharePlan, events: Events<PartitionEvents>) {
    this.#client = client
    this.#plan = plan
    this.#events = events
  }

  get isWanted(): boolean {
    return !this.#unwanted.signal.aborted
  }

  get isOwned(): boolean {
    return this.#duty?.lease.isHeld() === true
  }

  get stuckForMs(): number {
    return this.#duty?.stuckForMs ?? 0
  }

  /** It is to be given back, because of this reason. */
  stop(reason: unknown): void {
    this.#unwanted.abort(reason)
  }

  /** Until it is to be given back and the work has returned; rejects with what the work threw, or what no waiting can heal. */
  async run(): Promise<void> {
    const { signal } = this.#unwanted
    while (!signal.aborted) {
      let lease: HeldLease
      try {
        lease = await acquireInTheEnd(this.#client, mutexShape(this.#plan.name), this.#plan.settings, signal)
      } catch (error) {
        if (signal.aborted) return
        throw error
      }
      await this.#serve(lease, signal)
    }
  }

  /** One hold. Rejects with what the work threw, unless that is how it stopped, or its lease was lost: then it begins anew. */
  async #serve(lease: HeldLease, unwanted: AbortSignal): Promise<void> {
    const { index, group: name, drainWithinMs: stopWithinMs, work } = this.#plan
    const { token } = lease.ref
    const onStuck = (): void => this.#events.emit('stuck', { name, index, token, forMs: stopWithinMs })
    const duty = new Duty(this.#client, lease, { stopWithinMs, onStuck })
    this.#duty = duty
    lease.signal.addEventListener('abort', () => this.#lost(lease), { once: true })
    const onUnwanted = (): void => duty.ask(unwanted.reason)
    unwanted.addEventListener('abort', onUnwanted, { once: true })
    if (unwanted.aborted) onUnwanted()
    const given = new AbortController()
    const partition = new LinePartition(this.#plan, duty, () => {
      const reason = new LeaseLost(`"${lease.name}" was released by its work`, { resource: lease.name })
      duty.ask(reason)
      given.abort(reason)
      // A work that waited for its own end would never end.
      return this.#client.reentry.heldHere(lease.name) === lease ? Promise.resolve('unknown') : released.promise
    })
    const released = Promise.withResolvers<ReleaseOutcome>()
    const end = await duty.run(() => work(partition))
    const { stopping } = duty
    if (end !== undefined && 'returned' in end && !stopping.aborted)
      await abortOf(AbortSignal.any([unwanted, lease.signal, given.signal]))
    unwanted.removeEventListener('abort', onUnwanted)
    this.#duty = undefined
    released.resolve(await lease.release())
    if (end === undefined || !('threw' in end)) return
    if (!lease.signal.aborted && !(stopping.aborted && isStop(end.threw, stopping.reason))) throw end.threw
    const words = end.threw instanceof Error ? end.threw.message : String(end.threw)
    this.#client.logger?.info(`the work of "${lease.name}" (token ${token}) was stopped and threw: ${words}`)
  }

  #lost({ ref, signal }: HeldLease): void {
    const { index, group: name } = this.#plan
    const reason = signal.reason instanceof Error ? signal.reason.message : String(signal.reason)
    this.#events.emit('lost', { name, index, token: ref.token, reason })
  }
}

class LinePartition extends LeaseProxy implements Partition {
  readonly index: number
  readonly generation: bigint
  readonly #duty: Duty
  readonly #release: () => Promise<ReleaseOutcome>

  constructor({ index, generation }: SharePlan, duty: Duty, release: () => Promise<ReleaseOutcome>) {
    super(duty.lease)
    this.index = index
    this.generation = generation
    this.#duty = duty
    this.#release = release
  }

  get stopping(): AbortSignal {
    return this.#duty.stopping
  }

  /** Asks the work to stop; it begins anew while the partition stays assigned here. */
  override release(): Promise<ReleaseOutcome> {
    return this.#release()
  }
}

/** Whether this is the way in which calls end that were given the signal. */
function isStop(error: unknown, reason: unknown): boolean {
  return error === reason || (error instanceof Error && (error.name === 'AbortError' || error.cause === reason))
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
