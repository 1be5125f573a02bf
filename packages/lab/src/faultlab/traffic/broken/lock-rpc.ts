/** The Lock RPC of etcd itself, through its JSON gateway: a lease that is kept alive while the lock is waited for and held. */
import type { ContenderOptions } from '../contender.ts'
import type { FlawName } from '../flaws.ts'
import { LeaseGrant, type LeaseKeeper } from './lease.ts'
import type { PlainLock } from './plain-lock.ts'

const SECOND_MS = 1_000

export async function openLockRpc(flaw: FlawName, options: ContenderOptions): Promise<PlainLock> {
  return new LockRpc(flaw, options)
}

class LockRpc implements PlainLock, LeaseKeeper {
  readonly #flaw: FlawName
  readonly #options: ContenderOptions
  readonly #url: string
  readonly #leases = new Set<LeaseGrant>()

  constructor(flaw: FlawName, options: ContenderOptions) {
    this.#flaw = flaw
    this.#options = options
    const [, first = ''] = /^etcd:\/\/([^,/]+)/.exec(options.storeUrl) ?? []
    this.#url = `http://${first}`
  }

  /** Its answer is taken for the lock, and the lease counts from then. */
  async take(k: string): Promise<LeaseGrant | undefined> {
    const { ttlMs, notes, namespace } = this.#options
    const { ID } = await this.#ask<{ ID: string }>('lease/grant', { TTL: Math.ceil(ttlMs / SECOND_MS) })
    const beat = setInterval(() => void this.#isAlive(ID).catch(() => undefined), ttlMs / 3)
    try {
      const name = Buffer.from(`${namespace}:${k}`).toString('base64')
      const { header } = await this.#ask<{ header: { revision: string } }>('lock/lock', { name, lease: ID })
      const token = BigInt(header.revision)
      const askedMs = performance.now()
      const lease = new LeaseGrant({ k, owner: ID, token, keeper: this, notes, ttlMs, askedMs, flaw: this.#flaw })
      this.#leases.add(lease)
      return lease
    } finally {
      clearInterval(beat)
    }
  }

  renew(_: string, owner: string): Promise<boolean> {
    return this.#isAlive(owner)
  }

  /** Its key goes with it. */
  async release({ owner }: LeaseGrant): Promise<boolean> {
    const isAlive = await this.#isAlive(owner)
    if (isAlive) await this.#ask('lease/revoke', { ID: owner })
    return isAlive
  }

  async close(): Promise<void> {
    for (const lease of this.#leases) lease.end()
  }

  async #isAlive(ID: string): Promise<boolean> {
    const { result } = await this.#ask<{ result: { TTL?: string } }>('lease/keepalive', { ID })
    return Number(result.TTL ?? 0) > 0
  }

  async #ask<Answer>(method: string, body: object): Promise<Answer> {
    const answer = await fetch(`${this.#url}/v3/${method}`, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(await answer.text())
    return (await answer.json()) as Answer
  }
}
