/** Whether an instance may get work: readiness, and never liveness, for a restart of every pod heals no store. */
import { type Duration, durationMs, type Locks, TTL_MS_MAX } from 'holdfast'

/** As terminus takes it: the state under the key. */
export interface LocksHealthResult {
  readonly [key: string]: {
    readonly status: 'up' | 'down'
    readonly leases: number
    readonly inJeopardy: number
    readonly waiting: number
    readonly reason?: string
  }
}

/** Half a lease of the default ttl: a server that was replaced is back by then. */
const JEOPARDY: Duration = '5s'
const JEOPARDY_RANGE = { minMs: 1, maxMs: TTL_MS_MAX } as const

/** For `HealthCheckService` of `@nestjs/terminus`, or for a controller of your own. */
export class HoldfastHealthIndicator {
  readonly #locks: Locks
  readonly #jeopardyMs: number
  /** Since when a lease cannot be renewed, by token and name. */
  readonly #jeopardySinceMs = new Map<string, number>()

  /** `jeopardy`: how long a lease may fail to renew before the instance gets no more work, without it 5 s. */
  constructor(locks: Locks, jeopardy: Duration = JEOPARDY) {
    this.#locks = locks
    this.#jeopardyMs = durationMs('jeopardy', jeopardy, JEOPARDY_RANGE)
    locks.on('jeopardy', ({ name, token }) => {
      const key = `${token} ${name}`
      if (!this.#jeopardySinceMs.has(key)) this.#jeopardySinceMs.set(key, performance.now())
    })
    for (const end of ['renewed', 'lost', 'released'] as const) {
      locks.on(end, ({ name, token }) => this.#jeopardySinceMs.delete(`${token} ${name}`))
    }
  }

  /**
   * `up` when the store could be opened and no lease has failed to renew for 5 s. Never rejects; `key` stands above the result,
   * without it `locks`.
   *
   * @example
   * ```ts
   * @Get('ready') @HealthCheck()
   * ready() { return this.health.check([() => this.locks.check()]) }
   * ```
   */
  async check(key: string = 'locks'): Promise<LocksHealthResult> {
    const reason = await this.#fault()
    const { leases, inJeopardy, waiting } = this.#locks.health()
    const state = { leases, inJeopardy, waiting }
    return { [key]: reason === undefined ? { status: 'up', ...state } : { status: 'down', ...state, reason } }
  }

  async #fault(): Promise<string | undefined> {
    if (this.#locks.health().state === 'closed') return 'the locks were closed'
    try {
      await this.#locks.open()
    } catch {
      // The words of the error name hosts; a health page may be public.
      return 'the store cannot be opened'
    }
    const oldestMs = Math.min(...this.#jeopardySinceMs.values())
    return performance.now() - oldestMs > this.#jeopardyMs ? 'a lease cannot be renewed' : undefined
  }
}
