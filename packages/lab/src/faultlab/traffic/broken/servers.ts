/** A plain Redlock over several servers that asks all of them, waits for the last and does not look how long that took. */
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import type { ContenderOptions } from '../contender.ts'
import type { FlawName } from '../flaws.ts'
import { LeaseGrant, type LeaseKeeper } from './lease.ts'
import type { PlainLock } from './plain-lock.ts'
import { RELEASE, RENEW } from './scripts.ts'

export async function openServers(flaw: FlawName, options: ContenderOptions): Promise<PlainLock> {
  return new LeaseServers(flaw, options)
}

class LeaseServers implements PlainLock, LeaseKeeper {
  readonly #flaw: FlawName
  readonly #options: ContenderOptions
  readonly #clients: readonly Redis[]
  readonly #leases = new Set<LeaseGrant>()
  /** This lock has no token that all know, which is a flaw of its own. */
  #ownCount = 0

  constructor(flaw: FlawName, options: ContenderOptions) {
    this.#flaw = flaw
    this.#options = options
    const places = options.storeUrl.slice(options.storeUrl.indexOf('//') + 2).split(',')
    this.#clients = places.map((place) => new Redis(`redis://${place}`))
    for (const client of this.#clients) client.on('error', () => undefined)
  }

  async take(k: string): Promise<LeaseGrant | undefined> {
    const { ttlMs, notes } = this.#options
    const owner = randomUUID()
    const key = this.#keyOf(k)
    const votes = await Promise.all(this.#clients.map((client) => client.set(key, owner, 'PX', ttlMs, 'NX')))
    const token = BigInt((this.#ownCount += 1))
    const askedMs = performance.now()
    const lease = new LeaseGrant({ k, owner, token, keeper: this, notes, ttlMs, askedMs, flaw: this.#flaw })
    if (this.#isMajority(votes.map((vote) => vote === 'OK'))) {
      this.#leases.add(lease)
      return lease
    }
    lease.end()
    await this.release(lease)
    return undefined
  }

  renew(k: string, owner: string): Promise<boolean> {
    return this.#everywhere(RENEW, k, owner, this.#options.ttlMs)
  }

  release({ k, owner }: LeaseGrant): Promise<boolean> {
    return this.#everywhere(RELEASE, k, owner)
  }

  async close(): Promise<void> {
    for (const lease of this.#leases) lease.end()
    for (const client of this.#clients) client.disconnect()
  }

  async #everywhere(script: string, k: string, ...args: readonly (string | number)[]): Promise<boolean> {
    const answers = await Promise.all(this.#clients.map((client) => client.eval(script, 1, this.#keyOf(k), ...args)))
    return this.#isMajority(answers.map((answer) => answer === 1))
  }

  #isMajority(votes: readonly boolean[]): boolean {
    return votes.filter(Boolean).length > this.#clients.length / 2
  }

  #keyOf(k: string): string {
    return `${this.#options.namespace}:${k}`
  }
}
