/**
 * SQLite's testers' loop: one scenario, run with the first call to the store failing, then the second, and so on until
 * a run ends without reaching the failure. One fault must never cost more than time.
 */
import { holdfast, type Lease, type Locks } from 'holdfast'
import { memory, type MemoryEngine, memoryEngine } from 'holdfast/memory'
import {
  type Fault,
  onCall,
  type StoreMethod,
  unreliable,
  type UnreliableStore,
  type VirtualClock,
  virtualClock,
} from 'holdfast/testing'

export interface Attempt {
  /** Calls made to the store; the fault was reached when there were more than its number. */
  readonly calls: number
  /** The call that failed. */
  readonly method: StoreMethod | undefined
  /** Every promise that was broken, in words. */
  readonly problems: readonly string[]
}

const TTL_MS = 3_000
const NAME = 'seat'
/** One failed call may cost its own time limit and a lease, never more. */
const STEP_MS_MAX = 3 * TTL_MS
/** An opening that hangs is the driver's to bound. */
const OPENING_MS = 30_000
const STRIDE_MS = 20

export async function failNthCall(callIndex: number, fault: Fault): Promise<Attempt> {
  return await new Scenario(callIndex, fault).run()
}

class Scenario {
  readonly #clock: VirtualClock = virtualClock()
  readonly #engine: MemoryEngine = memoryEngine()
  readonly #store: UnreliableStore
  readonly #locks: Locks
  readonly #other: Locks
  readonly #believed = new Set<Lease>()
  readonly #problems: string[] = []
  #method: StoreMethod | undefined
  #evicted = false

  constructor(callIndex: number, fault: Fault) {
    const plan = onCall(callIndex, fault)
    this.#store = unreliable(memory(this.#engine), (index, method) => {
      const decided = plan(index, method)
      if (decided !== undefined) this.#method = method
      return decided
    })
    this.#locks = holdfast(this.#store, { clock: this.#clock, ttl: TTL_MS, wait: STEP_MS_MAX, owner: 'one' })
    this.#other = holdfast(memory(this.#engine), { clock: this.#clock, ttl: TTL_MS, owner: 'other' })
  }

  async run(): Promise<Attempt> {
    await this.#step('open', () => this.#locks.open(), ['open'], OPENING_MS)
    await this.#holdAndRenew()
    await this.#wait()
    await this.#refuse()
    await this.#evict()
    await this.#step('close', () => this.#locks.close(), [])
    await this.#step('close of the other', () => this.#other.close(), [])
    await this.#clock.advance(60_000)
    const { nowMs } = this.#engine.now()
    const claims = this.#engine.line(`default!${NAME}`).claims.filter((claim) => claim.endsAtMs > nowMs)
    if (claims.length > 0) this.#problems.push(`${claims.length} claims are left in the store`)
    if (this.#clock.timers > 0) this.#problems.push(`${this.#clock.timers} timers are left`)
    return { calls: this.#store.calls, method: this.#method, problems: this.#problems }
  }

  async #holdAndRenew(): Promise<void> {
    const lease = await this.#acquire('acquire')
    if (lease === undefined) return
    await this.#spend(TTL_MS * 2)
    if (!lease.isHeld()) this.#problems.push('a lease was lost to one failed call')
    await this.#release(lease)
  }

  async #wait(): Promise<void> {
    const ahead = await this.#other.acquire(NAME, { wait: STEP_MS_MAX })
    const waiting = this.#acquire('contended acquire')
    await this.#clock.advance(TTL_MS * 1.5)
    await ahead.release()
    const lease = await waiting
    if (lease === undefined) return
    // A pushed grant lives for a while only, until the first renewal.
    await this.#spend(TTL_MS * 1.5)
    if (!lease.isHeld()) this.#problems.push('a handed over lease was lost to one failed call')
    await this.#release(lease)
  }

  async #refuse(): Promise<void> {
    const ahead = await this.#step('acquire of the other', () => this.#other.acquire(NAME, { wait: STEP_MS_MAX }), [])
    const refused = await this.#step('tryAcquire', () => this.#locks.tryAcquire(NAME), [])
    if (refused !== null && refused !== undefined) this.#problems.push('tryAcquire got a lock that somebody else holds')
    const gaveUp = this.#locks.acquire(NAME, { wait: 700 }).then(
      () => this.#problems.push('acquire got a lock that somebody else holds'),
      () => undefined,
    )
    await this.#step('an acquire that gives up', () => gaveUp, [])
    await ahead?.release()
  }

  async #evict(): Promise<void> {
    const lease = await this.#acquire('acquire before an eviction')
    if (lease === undefined) return
    this.#evicted = true
    const { token } = lease
    const view = await this.#step('inspect', () => this.#locks.inspect(NAME), ['look'])
    if (view !== undefined && !view.claims.some((claim) => claim.token === token)) {
      this.#problems.push('inspect does not show the holder')
    }
    await this.#step('evict', () => this.#locks.evict(NAME, { token, reason: 'to see what happens' }), ['evict'])
    await this.#spend(TTL_MS)
    const view2 = this.#engine.line(`default!${NAME}`).claims.find((claim) => claim.state === 'held')
    if (lease.isHeld() && view2 === undefined) this.#problems.push('an evicted holder was not told within a lease')
    await this.#release(lease)
  }

  async #acquire(what: string): Promise<Lease | undefined> {
    const lease = await this.#step(what, () => this.#locks.acquire(NAME), [])
    if (lease === undefined) return undefined
    if (!lease.isHeld()) this.#problems.push(`${what}: the lease that was handed out had ended`)
    this.#believed.add(lease)
    return lease
  }

  async #release(lease: Lease): Promise<void> {
    const outcome = await this.#step('release', () => lease.release(), [])
    this.#believed.delete(lease)
    if (outcome === 'expired' && !this.#evicted) this.#problems.push('a lease that was held was released as expired')
  }

  /** Lets time pass until the call ends; a failure is excused only when the failing call was one of these. */
  async #step<T>(
    what: string,
    call: () => Promise<T>,
    excused: readonly StoreMethod[],
    limitMs: number = STEP_MS_MAX,
  ): Promise<T | undefined> {
    let done = false
    const result = call()
      .then(
        (value) => value,
        (error: unknown) => {
          if (this.#method === undefined || !excused.includes(this.#method)) {
            this.#problems.push(`${what} failed: ${error instanceof Error ? error.message : String(error)}`)
          }
          return undefined
        },
      )
      .finally(() => {
        done = true
      })
    for (let spentMs = 0; !done && spentMs < limitMs + STRIDE_MS; spentMs += STRIDE_MS) await this.#spend(STRIDE_MS)
    if (done) return await result
    if (this.#method === undefined || !excused.includes(this.#method)) this.#problems.push(`${what} did not end`)
    return undefined
  }

  /** Time passes, and at no moment does a client believe what the store does not know. */
  async #spend(ms: number): Promise<void> {
    for (let spentMs = 0; spentMs < ms; spentMs += STRIDE_MS) {
      await this.#clock.advance(STRIDE_MS)
      for (const lease of this.#believed) this.#compare(lease)
    }
  }

  #compare(lease: Lease): void {
    if (!lease.isHeld() || this.#evicted) return
    const { nowMs } = this.#engine.now()
    const known = this.#engine
      .line(`default!${NAME}`)
      .claims.some((claim) => claim.state === 'held' && claim.token === lease.token && claim.endsAtMs > nowMs)
    if (!known) this.#problems.push(`token ${lease.token} was believed in and the store knew it no more`)
  }
}
