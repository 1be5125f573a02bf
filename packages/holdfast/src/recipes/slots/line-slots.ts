/**
 * Numbered places: a mutex for each number, behind a semaphore that only orders the waiting. While a process has a place
 * in that line, one number at least is free, so it looks through them instead of waiting for one. Without a semaphore it
 * looks again from time to time, and no order is kept.
 */
import { createHash } from 'node:crypto'
import type { LockClient } from '../../client/client.ts'
import { acquireSettings } from '../../client/options.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { Misuse } from '../../store/errors.ts'
import { Backoff } from '../../time/backoff.ts'
import { sleep } from '../../time/clock.ts'
import { acquire } from '../../wait/acquire.ts'
import { tooLong } from '../../wait/wait-errors.ts'
import { runUnder } from '../lock.ts'
import { mutexShape } from '../mutex.ts'
import { recipeName } from '../recipe-name.ts'
import { LineSlot } from './line-slot.ts'
import type { Slot, SlotOptions, Slots, SlotWork } from './slots.ts'

const LOOK_MS_MAX = 250

interface Taken {
  readonly slot: number
  readonly lease: HeldLease
}

export class LineSlots implements Slots {
  readonly #client: LockClient
  readonly #name: string
  readonly #count: number

  constructor(client: LockClient, name: string, count: number) {
    this.#client = client
    this.#name = recipeName('slots', name)
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

  async #placed({ prefer, ...options }: SlotOptions, queue: boolean) {
    const first = prefer ?? this.#firstOf(this.#client.owner)
    if (!Number.isInteger(first) || first < 0 || first >= this.#count) {
      throw new Misuse(`prefer must be a whole number from 0 to ${this.#count - 1}, got ${String(prefer)}`)
    }
    const settings = acquireSettings(options, this.#client.defaults)
    const startedMs = this.#client.clock.monotonicMs()
    const { facts } = await this.#client.open()
    const place = facts.unsupported.semaphore === undefined ? await this.#place(settings, queue) : undefined
    if (place === null) return null
    try {
      const taken = await this.#number(first, settings, queue, startedMs)
      if (taken !== null) {
        const tellsTime = facts.tokenScale === 'clock'
        return { slot: new LineSlot({ ...taken, place, tellsTime }), lease: taken.lease }
      }
    } catch (error) {
      await place?.undo()
      throw error
    }
    await place?.undo()
    return null
  }

  #place(settings: AcquireSettings, queue: boolean): Promise<HeldLease | null> {
    const shape = { name: this.#name, mode: 'permit', weight: 1, capacity: this.#count, needs: 'semaphore' } as const
    const resource = this.#client.resourceOf(this.#name)
    return acquire(this.#client, { shape, resource, queue, settings })
  }

  /** A place may be free a moment before its number: then they are looked through again. */
  async #number(first: number, settings: AcquireSettings, queue: boolean, startedMs: number): Promise<Taken | null> {
    const { clock } = this.#client
    const backoff = new Backoff(LOOK_MS_MAX)
    for (;;) {
      const taken = await this.#scanned(first, settings)
      if (taken !== null || !queue) return taken
      const waitedMs = clock.monotonicMs() - startedMs
      if (waitedMs >= settings.waitMs) throw tooLong(this.#name, waitedMs)
      await sleep(clock, Math.min(backoff.nextMs(), settings.waitMs - waitedMs), settings.signal)
      settings.signal?.throwIfAborted()
    }
  }

  async #scanned(first: number, settings: AcquireSettings): Promise<Taken | null> {
    for (let step = 0; step < this.#count; step += 1) {
      const slot = (first + step) % this.#count
      const name = `${this.#name}:${slot}`
      const resource = this.#client.resourceOf(name)
      const request = { shape: mutexShape(name), resource, queue: false, isTrial: true, settings }
      const lease = await acquire(this.#client, request)
      if (lease !== null) return { slot, lease }
    }
    return null
  }

  #firstOf(owner: string): number {
    return createHash('sha256').update(owner).digest().readUInt32BE() % this.#count
  }
}
