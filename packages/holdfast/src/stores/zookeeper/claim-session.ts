/**
 * A session that claims share. Only the leader ends it, and a follower that lost its leader answers pings all the same: so it
 * is longer than what its holders believe by what the leader may not know of, and pings are dense.
 * (docs/protocols/sessions.md#what-a-follower-answers-alone)
 */
import { NotApplied } from '../../store/errors.ts'
import type { Stamp } from '../../time/clock.ts'
import type { ScheduledItem } from '../../time/timer-queue.ts'
import type { EngineSession } from '../sessions/engine.ts'
import type { ZookeeperSession } from '../zookeeper-driver/session.ts'
import type { NodeTree } from '../zookeeper-driver/tree.ts'
import type { ZookeeperClient } from '../zookeeper-driver/client.ts'
import { marksPath } from './paths.ts'

/** Between two pings, as a share of the lag; and of the ttl, so that a claim that enters seldom has to ask for a sign of life. */
const PING_LAG_SHARE = 1 / 4
const PING_TTL_SHARE = 1 / 8
/** The lag, the time between two pings, and half of that again for late timers. */
const SLACK_LAGS = 1 + 1.5 * PING_LAG_SHARE
/** Nobody has renewed for so long: it is left to end. */
const IDLE_TTL_SHARE = 1 / 2
/** A sign of life that the leader may not know of is proven by another server when the last known one is so old. */
const OLD_TTL_SHARE = 1 / 3

/** How much longer a session is than what its holders believe. */
export function slackMsOf(lagMs: number): number {
  return Math.ceil(lagMs * SLACK_LAGS)
}

export class ClaimSession implements EngineSession {
  readonly ttlMs: number
  readonly delayMs: number
  readonly tree: NodeTree
  readonly #session: ZookeeperSession
  readonly #client: ZookeeperClient
  #usedAtMs: number
  #nextPing: ScheduledItem<() => void> | undefined
  #isEnded = false

  private constructor(client: ZookeeperClient, session: ZookeeperSession, ttlMs: number, delayMs: number) {
    this.#client = client
    this.#session = session
    this.tree = client.treeOf(session)
    this.ttlMs = ttlMs
    this.delayMs = delayMs
    this.#usedAtMs = client.environment.clock.monotonicMs()
    this.#keepAlive()
  }

  static async begin(client: ZookeeperClient, ttlMs: number, delayMs: number): Promise<ClaimSession> {
    const neededMs = ttlMs + delayMs + slackMsOf(client.lagMs)
    const session = await client.call('beginning a session', client.open(neededMs))
    const own = new ClaimSession(client, session, ttlMs, delayMs)
    try {
      const { sessionId, timeoutMs } = session.grant
      if (timeoutMs < neededMs) {
        const words = `a ttl of ${ttlMs} ms and a lock-delay of ${delayMs} ms need a session of ${neededMs} ms, and ZooKeeper grants at most ${timeoutMs} ms: raise maxSessionTimeout in its configuration`
        throw new NotApplied(words, { isFinal: true })
      }
      await client.call('beginning a session', own.tree.create(marksPath(sessionId), 'ephemeral'))
    } catch (error) {
      await own.end(true)
      throw error
    }
    return own
  }

  get id(): bigint {
    return this.#session.grant.sessionId
  }

  get isDead(): boolean {
    return this.#isEnded || this.#session.over !== undefined
  }

  /** Its holders have stopped believing. */
  get isOver(): boolean {
    return this.isDead || this.#ageMs(this.askedAt.monotonicMs) > this.ttlMs
  }

  /** The newest sign of life, but no later than the leader must have heard of one for the session to last. */
  get askedAt(): Stamp {
    const { clock } = this.#client.environment
    const newest = this.#session.newestSign ?? { monotonicMs: clock.monotonicMs() - this.ttlMs, wallMs: 0 }
    const known = this.#session.knownToLeader(this.#client.lagMs) ?? newest
    const slackMs = this.#session.grant.timeoutMs - this.ttlMs - this.delayMs
    if (known.monotonicMs + slackMs >= newest.monotonicMs) return newest
    return { monotonicMs: known.monotonicMs + slackMs, wallMs: known.wallMs + slackMs }
  }

  /** Somebody asks after its claims. */
  touch(): void {
    this.#usedAtMs = this.#client.environment.clock.monotonicMs()
  }

  async sign(): Promise<void> {
    await this.#client.call('keeping a session alive', this.#session.ping())
    if (this.#ageMs(this.askedAt.monotonicMs) <= this.ttlMs * OLD_TTL_SHARE) return
    // It was not pinged for a while, or its server has lost the leader: a server that it is taken to asks the leader at once.
    this.#session.leaveServer()
    await this.#client.call('keeping a session alive', this.#session.ping())
  }

  async end(atOnce: boolean): Promise<void> {
    this.#isEnded = true
    if (this.#nextPing !== undefined) this.#client.environment.timers.cancel(this.#nextPing)
    if (atOnce) await this.#session.close()
    else this.#session.abandon()
  }

  #keepAlive(): void {
    const { lagMs, environment } = this.#client
    const pauseMs = Math.min(this.ttlMs * PING_TTL_SHARE, lagMs > 0 ? lagMs * PING_LAG_SHARE : Number.POSITIVE_INFINITY)
    this.#nextPing = environment.timers.addIn(() => {
      if (this.isDead) return
      // What is not answered is judged by the connection.
      if (this.#ageMs(this.#usedAtMs) < this.ttlMs * IDLE_TTL_SHARE) this.#session.ping().catch(() => undefined)
      this.#keepAlive()
    }, pauseMs)
  }

  #ageMs(thenMs: number): number {
    return this.#client.environment.clock.monotonicMs() - thenMs
  }
}
