/**
 * One simulated run: several clients on one engine, hours in milliseconds, every choice from the seed. Storm, heal, a
 * calm while the clients continue, then every lock must be obtainable and nothing may be left behind.
 */
import { holdfast, type Lease, type Locks } from 'holdfast'
import { memory, memoryEngine } from 'holdfast/memory'
import { type VirtualClock, virtualClock } from 'holdfast/testing'
import { judge, type Verdict } from '../judge/judge.ts'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { HistoryWriter } from './history-writer.ts'
import { Client, codeOf } from './client.ts'
import { calm, drawWeather, Line, type Weather } from './faults.ts'
import { heal, type NemesisTarget, torment } from './nemesis.ts'
import { Process } from './process.ts'
import { Random, withSeededMath } from '@holdfast/testbed/random'
import { GuardedLists } from './resource.ts'
import { ClaimNumbers } from './wire.ts'
import { BOOK, type Day, LOCKS, POOL, POOL_PERMITS, READERS_CAPACITY, work } from './workload.ts'

export interface Run {
  readonly seed: number
  readonly history: readonly HistoryEvent[]
  readonly verdict: Verdict
  readonly simulatedMs: number
  /** Code of a process was woken this often. */
  readonly events: number
  readonly parameters: string
}

export async function simulate(seed: number): Promise<Run> {
  const random = new Random(seed)
  return await withSeededMath(random.fork(), () => new World(seed, random).run())
}

/** The storm in leases: long enough for some dozen faults. */
const STORM_TTLS = 60
const CALM_TTLS = 12
/** A waiter that died lives this long in the line, and then the lock may be handed to another dead one. */
const GHOST_MS = 15_000 + 3_000
const JUST_AFTER_MS = 0.01

class World {
  readonly #seed: number
  readonly #random: Random
  readonly #clock: VirtualClock = virtualClock()
  readonly #writer = new HistoryWriter(this.#clock)
  readonly #engine = memoryEngine()
  readonly #engineProcess: Process
  readonly #numbers = new ClaimNumbers()
  readonly #lists = new GuardedLists(this.#clock, this.#writer)
  readonly #ttlMs: number
  readonly #weather: Weather
  readonly #day: Day
  readonly #clients = new Set<Client>()
  readonly #everybody: Client[] = []
  #frozen = false
  #healed = false

  constructor(seed: number, random: Random) {
    this.#seed = seed
    this.#random = random
    this.#engineProcess = new Process('engine', this.#clock, random.fork())
    this.#engine.useClock(this.#engineProcess)
    this.#ttlMs = random.pick([100, 180, 300, 1_000, 1_000, 3_000, 10_000])
    this.#weather = drawWeather(random)
    this.#day = {
      random: random.fork(),
      lists: this.#lists,
      ttlMs: this.#ttlMs,
      lockDelayMs: Math.ceil(this.#ttlMs * random.between(0, 1)),
      minHoldMs: Math.ceil(this.#ttlMs * random.between(0, 1)),
      workMs: this.#ttlMs * random.pick([0.1, 0.5, 2]),
      stormy: true,
      over: false,
    }
  }

  async run(): Promise<Run> {
    const ttlMs = this.#ttlMs
    const startMs = this.#clock.monotonicMs()
    for (let index = 2 + this.#random.below(4); index > 0; index -= 1) this.#join(String.fromCharCode(96 + index))
    const target = this.#target()
    torment(target, startMs + ttlMs * STORM_TTLS)
    const sampler = this.#seed % 2 === 0 ? this.#compareBeliefs() : undefined
    await this.#clock.advance(ttlMs * (STORM_TTLS + 3))
    this.#healed = true
    this.#day.stormy = false
    for (const { line } of this.#clients) line.weather = this.#calm
    heal(target)
    await this.#clock.advance(this.#graceMs() + ttlMs * CALM_TTLS)
    this.#day.over = true
    await this.#clock.advance(ttlMs * 8)
    await this.#obtainEverything()
    sampler?.()
    await this.#closeEverything()
    const { events } = this.#writer
    return {
      seed: this.#seed,
      history: events,
      verdict: judge(events, { freeNs: (this.#graceMs() + 50) * 1e6 }),
      simulatedMs: this.#clock.monotonicMs() - startMs,
      events: this.#everybody.reduce((sum, { process }) => sum + process.wakings, 0),
      parameters: `ttl ${ttlMs} ms, ${this.#everybody.length} clients, ${JSON.stringify(this.#weather)}`,
    }
  }

  /** Hints may be lost for ever: without them everything still works, slower. */
  get #calm(): Weather {
    return { ...calm, hintsLost: this.#weather.hintsLost, hintsEarly: this.#weather.hintsEarly }
  }

  /** How long after healing the leftovers of the storm may still block a lock. */
  #graceMs(): number {
    const { lockDelayMs, minHoldMs } = this.#day
    return this.#ttlMs * 2 + lockDelayMs + minHoldMs + GHOST_MS
  }

  #join(name: string): void {
    const process = new Process(name, this.#clock, this.#random.fork())
    const line = new Line(this.#healed ? this.#calm : this.#weather, this.#random.fork(), this.#ttlMs * 2)
    const client = new Client({
      process,
      line,
      engine: this.#engine,
      writer: this.#writer,
      numbers: this.#numbers,
      network: this.#clock,
      ttlMs: this.#ttlMs,
    })
    if (this.#frozen) client.store.freeze()
    this.#clients.add(client)
    this.#everybody.push(client)
    for (let worker = 2; worker > 0; worker -= 1) void work(client, this.#day)
  }

  #target(): NemesisTarget {
    let joined = 0
    return {
      random: this.#random.fork(),
      clock: this.#clock,
      writer: this.#writer,
      ttlMs: this.#ttlMs,
      engineProcess: this.#engineProcess,
      clients: () => [...this.#clients],
      replace: (client) => {
        this.#clients.delete(client)
        this.#clock.schedule(this.#random.between(0, this.#ttlMs), () => this.#join(`n${(joined += 1)}`))
      },
      freezeEngine: () => {
        this.#frozen = true
        for (const { store } of this.#clients) store.freeze()
      },
      thawEngine: () => {
        this.#frozen = false
        for (const { store } of this.#clients) store.thaw()
      },
    }
  }

  /**
   * Who believes to hold must be in the engine's own books, unless it was evicted and cannot know yet. Looks now and
   * then, and just after each lease has ended there, because that is when a wrong deadline shows.
   */
  #compareBeliefs(): () => void {
    let stopped = false
    const ends = new Set<string>()
    const compare = (): void => {
      for (const { process, leases } of this.#everybody) {
        if (stopped || process.state !== 'running') continue
        for (const lease of leases.values()) if (lease.isHeld()) this.#compare(process.name, lease.name, lease.token)
      }
    }
    const look = (): void => {
      if (stopped) return
      compare()
      const { nowMs } = this.#engine.now()
      for (const name of LOCKS) {
        for (const { id, state, endsAtMs } of this.#engine.line(`default!${name}`).claims) {
          const end = `${id} ${endsAtMs}`
          if (state !== 'held' || endsAtMs <= nowMs || ends.has(end)) continue
          ends.add(end)
          this.#clock.schedule(endsAtMs - nowMs + JUST_AFTER_MS, compare)
        }
      }
      this.#clock.schedule(this.#ttlMs / 7, look)
    }
    look()
    return () => {
      stopped = true
    }
  }

  #compare(p: string, name: string, token: bigint): void {
    const { claims } = this.#engine.line(`default!${name}`)
    const { nowMs } = this.#engine.now()
    const own = claims.find((claim) => claim.state !== 'waiting' && claim.token === token)
    const alive = own?.state === 'held' && own.endsAtMs > nowMs
    if (!alive) this.#writer.moment(p, 'wrong-belief', name, { token: String(token) })
  }

  /** A new client acquires every lock, one after the other. */
  async #obtainEverything(): Promise<void> {
    const process = new Process('last', this.#clock, this.#random.fork())
    const locks = holdfast(memory(this.#engine), { clock: process, ttl: this.#ttlMs, wait: Math.ceil(this.#graceMs()) })
    const forms = LOCKS.map(async (name) => {
      const capacity = name === POOL ? POOL_PERMITS : name === BOOK ? READERS_CAPACITY : 1
      const input = { mode: 'exclusive', weight: capacity, capacity, must: true }
      const ending = this.#writer.call(process.name, 'acquire', name, input)
      try {
        const lease = await whole(locks, name)
        ending.ok({ token: String(lease.token), validUntil: this.#writer.momentIn(lease.remainingMs) })
        const release = this.#writer.call(process.name, 'release', name, { token: String(lease.token) })
        release.ok({ outcome: await lease.release() })
      } catch (error) {
        ending.fail(codeOf(error))
      }
    })
    const all = Promise.all(forms)
    await this.#clock.advance(this.#graceMs() + 1_000)
    await all
    await locks.close()
  }

  async #closeEverything(): Promise<void> {
    const closing = Promise.all([...this.#clients].map((client) => client.close()))
    await this.#clock.advance(10_000)
    await closing
    // Messages in flight reach the engine, and claims without an owner expire.
    await this.#clock.advance(this.#graceMs() + GHOST_MS)
    this.#lists.close()
    const alive = this.#everybody.filter(({ process }) => process.state !== 'crashed')
    this.#writer.moment('end', 'leftovers', '', {
      timers: alive.reduce((sum, { process }) => sum + process.timers, 0),
      leases: alive.reduce((sum, { locks }) => sum + locks.health().leases, 0),
      waits: alive.reduce((sum, { locks }) => sum + locks.health().waiting, 0),
      claims: LOCKS.reduce((sum, name) => sum + this.#liveClaims(name), 0),
    })
  }

  #liveClaims(name: string): number {
    const { nowMs } = this.#engine.now()
    return this.#engine.line(`default!${name}`).claims.filter((claim) => claim.endsAtMs > nowMs).length
  }
}

/** All of a lock, so that any part of it that is still held blocks it. */
function whole(locks: Locks, name: string): Promise<Lease> {
  if (name === POOL) return locks.semaphore(name, { permits: POOL_PERMITS }).acquire({ take: POOL_PERMITS })
  return name === BOOK ? locks.readWrite(name).write.acquire() : locks.acquire(name)
}
