/** Sessions of one ZooKeeper: one for what no claim stands on, made again when it ended, and those that claims ask for. */
import type { SecureContextOptions } from 'node:tls'
import { driversWords } from '../../store/drivers-words.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import type { ScheduledItem } from '../../time/timer-queue.ts'
import type { ZookeeperServer } from './connection.ts'
import { zookeeperError } from './errors.ts'
import { ZookeeperSession } from './session.ts'
import { NodeTree } from './tree.ts'

export interface ZookeeperPlan {
  readonly servers: readonly ZookeeperServer[]
  readonly user: string | undefined
  readonly tls: (() => Promise<SecureContextOptions>) | undefined
  /** The node that everything is below. */
  readonly root: string
  readonly followerLagMs: number
}

/** A connection that answers nothing for so long is left. */
const SILENCE_MS_MAX = 3_000
const SILENCE_MS_MIN = 1_500
const HOME_TIMEOUT_MS = 30_000

export class ZookeeperClient {
  readonly plan: ZookeeperPlan
  readonly environment: StoreEnvironment
  /** Called for every connection of the session without claims but the first: it may be to another server than before. */
  onReconnect: () => void = () => undefined
  /** So long a server may answer pings that the leader does not hear of. */
  lagMs: number
  #home: Promise<ZookeeperSession> | undefined
  #nextPing: ScheduledItem<() => void> | undefined
  #isClosed = false
  #hasConnected = false

  constructor(plan: ZookeeperPlan, environment: StoreEnvironment) {
    this.plan = plan
    this.environment = environment
    this.lagMs = plan.followerLagMs
  }

  /** The answer, or what a store may throw. */
  async call<Answer>(what: string, asked: Promise<Answer>): Promise<Answer> {
    try {
      return await this.environment.bounded(asked, what)
    } catch (error) {
      throw zookeeperError(error, what)
    }
  }

  /** The nodes as a session without claims sees them. */
  async home(): Promise<NodeTree> {
    return this.treeOf(await this.homeSession())
  }

  async homeSession(): Promise<ZookeeperSession> {
    if (this.#isClosed) throw new StoreUnavailable('this store was closed')
    const known = this.#home
    const home = await known?.catch(() => undefined)
    if (home !== undefined && home.over === undefined) return home
    // Of several that saw it over the first one opens it again.
    if (this.#home === known) this.#home = this.#opened()
    return await this.call('opening a session', this.#home ?? this.#opened())
  }

  open(timeoutMs: number, onConnect: () => void = () => undefined): Promise<ZookeeperSession> {
    const { servers, user, tls } = this.plan
    const silenceMs = Math.max(SILENCE_MS_MIN, Math.min(SILENCE_MS_MAX, timeoutMs / 3))
    const onTrouble = (cause: Error): void => {
      const words = `a connection to ZooKeeper ended, and another one is made: ${driversWords(cause)}`
      this.environment.troubled?.(new StoreUnavailable(words))
    }
    const options = { servers, user, tls, timeoutMs, silenceMs, onConnect, onTrouble }
    return ZookeeperSession.open(options, this.environment)
  }

  treeOf(session: ZookeeperSession): NodeTree {
    return new NodeTree(session, this.plan.root)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#nextPing !== undefined) this.environment.timers.cancel(this.#nextPing)
    const home = await this.#home?.catch(() => undefined)
    await home?.close()
  }

  async #opened(): Promise<ZookeeperSession> {
    const session = await this.open(HOME_TIMEOUT_MS, () => {
      if (this.#hasConnected) this.onReconnect()
      this.#hasConnected = true
    })
    if (this.#isClosed) await session.close()
    else this.#keepAlive(session)
    return session
  }

  #keepAlive(session: ZookeeperSession): void {
    const again = (): void => {
      if (this.#isClosed || session.over !== undefined) return
      // One that is not answered is seen by the connection itself.
      session.ping().catch(() => undefined)
      this.#keepAlive(session)
    }
    this.#nextPing = this.environment.timers.addIn(again, session.grant.timeoutMs / 4)
  }
}
