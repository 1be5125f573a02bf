/**
 * A plain lease in a key of Redis: SET NX PX, a token, renewal and release by scripts that compare the owner. Each
 * flaw takes one of these away, as published locks do.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { ContenderOptions } from '../contender.ts'
import type { FlawName } from '../flaws.ts'
import { LeaseGrant, type LeaseKeeper } from './lease.ts'
import { BETWEEN_TRIPS_MS, LONG_TRIP_MS, type PlainLock } from './plain-lock.ts'
import { COUNT, RELEASE, RENEW, TAKE, TAKE_COUNTING } from './scripts.ts'

export async function openKeys(flaw: FlawName, options: ContenderOptions): Promise<PlainLock> {
  return new LeaseKeys(flaw, options)
}

class LeaseKeys implements PlainLock, LeaseKeeper {
  readonly #flaw: FlawName
  readonly #options: ContenderOptions
  readonly #client: Redis
  readonly #leases = new Set<LeaseGrant>()
  #ownCount = 0

  constructor(flaw: FlawName, options: ContenderOptions) {
    this.#flaw = flaw
    this.#options = options
    this.#client = new Redis(options.storeUrl)
    // Each command tells of its own failure.
    this.#client.on('error', () => undefined)
  }

  async take(k: string): Promise<LeaseGrant | undefined> {
    const { ttlMs, notes } = this.#options
    const startMs = performance.now()
    const owner = randomUUID()
    const token = await this.#taken(k, owner)
    if (token === undefined) return undefined
    // A client that counts from the request finds that it was too late, and its late token does no harm.
    const askedMs = this.#flaw === 'token-after-grant' ? performance.now() : startMs
    const lease = new LeaseGrant({ k, owner, token, keeper: this, notes, ttlMs, askedMs, flaw: this.#flaw })
    if (this.#flaw !== 'no-deadline' && lease.remainingMs() <= 0) {
      lease.end()
      await this.release(lease)
      return undefined
    }
    this.#leases.add(lease)
    return lease
  }

  async renew(k: string, owner: string, token: bigint): Promise<boolean> {
    const { notes, ttlMs } = this.#options
    notes.beforeRenewal()
    const call = notes.call('renew', k, { token: String(token) })
    try {
      const renewed =
        this.#flaw === 'renews-the-dead'
          ? await this.#client.pexpire(this.#keyOf(k), ttlMs)
          : await this.#client.eval(RENEW, 1, this.#keyOf(k), owner, ttlMs)
      if (renewed === 1) call.ok()
      else call.fail(Object.assign(new Error('not ours any more'), { code: 'GONE' }))
      return renewed === 1
    } catch (error) {
      call.info()
      throw error
    }
  }

  async release({ k, owner }: LeaseGrant): Promise<boolean> {
    const key = this.#keyOf(k)
    if (this.#flaw === 'no-owner-check') return (await this.#client.del(key)) === 1
    return (await this.#client.eval(RELEASE, 1, key, owner)) === 1
  }

  async close(): Promise<void> {
    for (const lease of this.#leases) lease.end()
    this.#client.disconnect()
  }

  async #taken(k: string, owner: string): Promise<bigint | undefined> {
    const { ttlMs } = this.#options
    const [key, counter] = [this.#keyOf(k), `${this.#keyOf(k)}:token`]
    switch (this.#flaw) {
      case 'check-then-set':
        if ((await this.#client.get(key)) !== null) return undefined
        await sleep(BETWEEN_TRIPS_MS)
        await this.#client.set(key, owner, 'PX', ttlMs)
        return numberOf(await this.#client.eval(COUNT, 1, counter))
      case 'expiry-in-two-steps':
        if ((await this.#client.setnx(key, owner)) === 0) return undefined
        await sleep(LONG_TRIP_MS)
        await this.#client.pexpire(key, ttlMs)
        return numberOf(await this.#client.eval(COUNT, 1, counter))
      case 'token-after-grant':
        if ((await this.#client.set(key, owner, 'PX', ttlMs, 'NX')) === null) return undefined
        await sleep(LONG_TRIP_MS)
        return numberOf(await this.#client.incr(counter))
      case 'token-per-process':
        if ((await this.#client.set(key, owner, 'PX', ttlMs, 'NX')) === null) return undefined
        return BigInt((this.#ownCount += 1))
      case 'token-counter':
        return numberOf(await this.#client.eval(TAKE_COUNTING, 2, key, counter, owner, ttlMs))
      default:
        return numberOf(await this.#client.eval(TAKE, 2, key, counter, owner, ttlMs))
    }
  }

  #keyOf(k: string): string {
    return `${this.#options.namespace}:${k}`
  }
}

function numberOf(answer: unknown): bigint | undefined {
  return typeof answer === 'string' || typeof answer === 'number' ? BigInt(answer) : undefined
}
