/** One client program in the simulation: the library over its line to the engine, and every lease it was given. */
import { holdfast, HoldfastError, type Lease, type Locks, type Clock } from 'holdfast'
import { type MemoryEngine, memory } from 'holdfast/memory'
import { unreliable, type UnreliableStore } from 'holdfast/testing'
import type { Detail } from '@holdfast/testbed/history'
import type { HistoryWriter, Ending } from './history-writer.ts'
import type { Line } from './faults.ts'
import type { Process } from './process.ts'
import { type ClaimNumbers, wire, withClock } from './wire.ts'

export interface ClientParts {
  readonly process: Process
  readonly line: Line
  readonly engine: MemoryEngine
  readonly writer: HistoryWriter
  readonly numbers: ClaimNumbers
  readonly network: Clock
  readonly ttlMs: number
}

export class Client {
  readonly process: Process
  readonly line: Line
  readonly locks: Locks
  readonly store: UnreliableStore
  /** Leases that this program believes in, by lock and token. */
  readonly leases: Map<string, Lease> = new Map()
  readonly #writer: HistoryWriter

  constructor({ process, line, engine, writer, numbers, network, ttlMs }: ClientParts) {
    this.process = process
    this.line = line
    this.#writer = writer
    this.store = unreliable(withClock(memory(engine), process), line.plan)
    const wired = wire(this.store, { process, writer, numbers, network })
    this.locks = holdfast(wired, { clock: process, ttl: ttlMs, owner: process.name })
    this.locks.on('renewed', ({ name, token }) => this.#extended(name, token))
    this.locks.on('lost', ({ name, token }) => {
      writer.moment(process.name, 'lost', name, { token: String(token) })
      this.leases.delete(`${name} ${token}`)
    })
    this.locks.on('released', ({ name, token }) => void this.leases.delete(`${name} ${token}`))
  }

  call(f: string, k: string, input: Detail): Ending {
    return this.#writer.call(this.process.name, f, k, input)
  }

  /** Writes down a grant, and the moment its holder is told that it is over. */
  granted(lease: Lease, ending: Ending): void {
    const { name, token, signal } = lease
    const detail = { token: String(token), validUntil: this.#writer.momentIn(lease.remainingMs) }
    ending.ok(detail)
    this.leases.set(`${name} ${token}`, lease)
    const told = (): void => this.#writer.moment(this.process.name, 'lost-signal', name, { token: String(token) })
    if (signal.aborted) told()
    else signal.addEventListener('abort', told, { once: true })
  }

  async release(lease: Lease): Promise<void> {
    const ending = this.call('release', lease.name, { token: String(lease.token) })
    ending.ok({ outcome: await lease.release() })
  }

  /** Gives back every lease, as closing does. */
  async close(): Promise<void> {
    const endings = [...this.leases.values()].map(({ name, token }) =>
      this.call('release', name, { token: String(token) }),
    )
    await this.locks.close()
    for (const ending of endings) ending.info()
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.process.schedule(ms, resolve))
  }

  #extended(name: string, token: bigint): void {
    const lease = this.leases.get(`${name} ${token}`)
    if (lease === undefined) return
    const validUntil = this.#writer.momentIn(lease.remainingMs)
    this.#writer.moment(this.process.name, 'extended', name, { token: String(token), validUntil })
  }
}

export function codeOf(error: unknown): string {
  if (error instanceof HoldfastError) return error.code
  if (error instanceof Error) return error.name
  return 'THROWN'
}
