/**
 * Numbered places: a mutex for each number, behind a semaphore that only orders the waiting. While a process has a place
 * in that line, one number at least is free, so it looks through them instead of waiting for one. Without a semaphore it
 * looks again from time to time, and no order is kept.
 */
import { createHash } from 'node:crypto'
import type { LockClient } from '../../client/client.ts'
import { acquireSettings, checkKeys } from '../../client/options.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { Misuse, Unsupported } from '../../store/errors.ts'
import { Backoff } from '../../time/backoff.ts'
import { sleep } from '../../time/clock.ts'
import { acquire } from '../../wait/acquire.ts'
import { tooLong } from '../../wait/wait-errors.ts'
import { runUnder } from '../lock.ts'
import { mutexShape } from '../mutex.ts'
import { recipeName } from '../recipe-name.ts'
import { SafetyNotice } from '../safety-notice.ts'
import { LineSlot } from './line-slot.ts'
import type { Slot, SlotOptions, Slots, SlotWork } from './slots.ts'

const LOOK_MS_MAX = 250
const OPTIONS = ['ttl', 'wait', 'signal', 'stopBefore', 'lockDelay', 'minHold', 'note', 'prefer']

interface Taken {
  readonly slot: number
  readonly lease: HeldLease
}

export class LineSlots implements Slots {
  readonly #client: LockClient
  readonly #name: string
  readonly #line: string
  readonly #count: number
  readonly #safety = new SafetyNotice()
  #isDelayTold = false

  constructor(client: LockClient, name: string, count: number) {
    this.#client = client
    this.#name = name
    this.#line = recipeName('slots', name)
    this.#count = count
  }

  async tryAcquire(options: SlotOptions = {}): Promise<Slot | null> {
    return (await this.#placed(options, false))?.slot ?? null
  }

  async acquire(options: SlotOptions = {}): Promise<Slot> {
    return (await this.#waited(options)).slot
  }

  async using<T>(...call: [SlotWork<T>] | [SlotOptions, SlotWork<T>]): Promise<T> {
    const [options, work] = call.length === 1 ? [{}, call[0]] : call
    if (typeof work !== 'function') throw new Misuse('using() needs the work to do: using((slot) => …)')
    const { slot, lease } = await this.#waited(options)
    try {
      return await runUnder(this.#client.reentry, [lease], () => work(slot))
    } finally {
      await slot.release()
    }
  }

  async #waited(options: SlotOptions): Promise<{ readonly slot: LineSlot; readonly lease: HeldLease }> {
    const placed = await this.#placed(options, true)
    if (placed === null) throw new Misuse('a claim that waits was refused: the store broke the seam')
    return placed
  }

  async #placed(call: SlotOptions, queue: boolean) {
    checkKeys(call, OPTIONS)
    const { prefer, ...options } = call
    const first = prefer ?? this.#firstOf(this.#client.owner)
    if (!Number.isInteger(first) || first < 0 || first >= this.#count) {
      throw new Misuse(`prefer must be a whole number from 0 to ${this.#count - 1}, got ${String(prefer)}`)
    }
    const settings = acquireSettings(options, this.#client.defaults)
    const startedMs = this.#client.clock.monotonicMs()
    this.#safety.tell(this.#client, `"${this.#line}"`)
    const place = await this.#place(settings, queue)
    if (place === null) return null
    try {
      const taken = await this.#number(first, settings, queue, startedMs)
      if (taken !== null) {
        this.#tellDelay(settings)
        const tellsTime = this.#client.facts?.tokenScale === 'clock'
        const parts = { ...taken, place, tellsTime, hasDelay: settings.lockDelayMs > 0 }
        return { slot: new LineSlot(this.#client, parts), lease: taken.lease }
      }
    } catch (error) {
      await place?.undo()
      throw error
    }
    await place?.undo()
    return null
  }

  /** Null when all are held; nothing on a store without semaphores, which is known when it has opened within the wait. */
  async #place(settings: AcquireSettings, queue: boolean): Promise<HeldLease | null | undefined> {
    const lacksLine = (): boolean => this.#client.facts?.unsupported.semaphore !== undefined
    if (lacksLine()) return undefined
    const shape = { name: this.#line, mode: 'permit', weight: 1, capacity: this.#count, needs: 'semaphore' } as const
    const resource = this.#client.resourceOf(this.#line)
    try {
      return await acquire(this.#client, { shape, resource, queue, settings: { ...settings, stopBeforeMs: 0 } })
    } catch (error) {
      if (error instanceof Unsupported && lacksLine()) return undefined
      throw error
    }
  }

  /** A place may be free a moment before its number: then they are looked through again. */
  async #number(first: number, settings: AcquireSettings, queue: boolean, startedMs: number): Promise<Taken | null> {
    const { clock } = this.#client
    const backoff = new Backoff(LOOK_MS_MAX)
    for (;;) {
      const taken = await this.#scanned(first, settings)
      if (taken !== null || !queue) return taken
      const waitedMs = clock.monotonicMs() - startedMs
      if (waitedMs >= settings.waitMs) throw tooLong(this.#line, waitedMs)
      await sleep(clock, Math.min(backoff.nextMs(), settings.waitMs - waitedMs), settings.signal)
      settings.signal?.throwIfAborted()
    }
  }

  async #scanned(first: number, settings: AcquireSettings): Promise<Taken | null> {
    for (let step = 0; step < this.#count; step += 1) {
      const slot = (first + step) % this.#count
      const name = recipeName('slots', `${this.#name}:${slot}`)
      const resource = this.#client.resourceOf(name)
      const request = { shape: mutexShape(name), resource, queue: false, isTrial: true, settings }
      const lease = await acquire(this.#client, request)
      if (lease !== null) return { slot, lease }
    }
    return null
  }

  /** A number is mostly used where no guard looks at its token. */
  #tellDelay({ lockDelayMs }: AcquireSettings): void {
    const { facts, logger } = this.#client
    if (this.#isDelayTold || lockDelayMs > 0 || facts?.unsupported.lockDelay !== undefined) return
    this.#isDelayTold = true
    logger?.warn(
      `"${this.#line}" is taken without a lockDelay: a process that was paused past its lease uses its number beside the ` +
        'next one, unless a guard checks tokens. Say lockDelay, at least the longest pause to survive.',
    )
  }

  #firstOf(owner: string): number {
    return createHash('sha256').update(owner).digest().readUInt32BE() % this.#count
  }
}
