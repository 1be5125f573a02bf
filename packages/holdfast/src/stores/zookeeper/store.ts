/** The store: each claim is a node of its session, and the line is the order in which they were made. */
import type { Claim, Ref } from '../../store/claim.ts'
import type { Facts } from '../../store/facts.ts'
import type { ResourcePage } from '../../store/line-view.ts'
import type { Store, StoreEnvironment, TokenScaleView } from '../../store/store.ts'
import type { LineAhead, OwnPlace, PutAnswer, Removal, SessionEngine, WholeEntry } from '../sessions/engine.ts'
import { SessionStore } from '../sessions/store.ts'
import { probedZookeeper } from '../zookeeper-driver/findings.ts'
import { makeNodes } from '../zookeeper-driver/nodes.ts'
import type { MultiPart } from '../zookeeper-driver/requests.ts'
import { ClaimSession } from './claim-session.ts'
import { ZookeeperClient, type ZookeeperPlan } from '../zookeeper-driver/client.ts'
import { followerLagMsOf, zookeeperFactsOf } from './facts.ts'
import { isDone, ZookeeperLine } from './line.ts'
import { encodeMarks, type SessionMarks, readMarks } from './marks.ts'
import { type ZookeeperHolder, type ZookeeperOwnership, ownershipIn } from './ownership.ts'
import { CLOCK_PATH, linePath, LINES_PATH, MARKS_PATH, marksPath } from './paths.ts'
import { type ReadClaim, remainderOf, type ZookeeperPlace } from './place.ts'
import { TransactionBase } from './token-base.ts'
import { ZookeeperWatches } from './watches.ts'

export interface ZookeeperStore extends Store {
  /**
   * What must be true in a multi of yours on the same ZooKeeper, so that it is carried out only while the lease holds: a
   * guard without a mark. A holder whose lease ended, was evicted or was released is refused by ZooKeeper itself, however
   * late its request arrives. Throws `LeaseLost` when it is known here that the lease is over, and `Misuse` for a lease of
   * another store.
   *
   * @example
   * ```ts
   * const { path } = store.ownership(lease)
   * client.transaction().check(path, -1).setData('/shop/stock', stock, -1).commit(done)
   * ```
   */
  ownership(lease: ZookeeperHolder): ZookeeperOwnership
}

export function zookeeperStore(plan: ZookeeperPlan): ZookeeperStore {
  const opened = new Set<SessionStore<ClaimSession>>()
  return {
    async open(environment) {
      const engine = await openedEngine(plan, environment)
      const store = new SessionStore<ClaimSession>(engine, environment.clock)
      opened.add(store)
      engine.onClose = () => opened.delete(store)
      return store
    },
    ownership: (lease) => ownershipIn(opened, plan.root, lease),
  }
}

async function openedEngine(plan: ZookeeperPlan, environment: StoreEnvironment): Promise<ZookeeperEngine> {
  const client = new ZookeeperClient(plan, environment)
  const probed = async (): Promise<Facts> => {
    const findings = await probedZookeeper(client)
    client.lagMs = followerLagMsOf(findings, plan.followerLagMs)
    return zookeeperFactsOf(findings, client.lagMs)
  }
  try {
    await makeNodes(client, [CLOCK_PATH, LINES_PATH, MARKS_PATH])
    const facts = await probed()
    const base = new TransactionBase(client)
    await base.load()
    const engine = new ZookeeperEngine(client, base, facts)
    client.onReconnect = () => {
      const tell = (now: Facts): void => {
        engine.facts = now
        environment.factsChanged?.(now)
      }
      // What cannot be asked now is asked after the next connection.
      probed().then(tell, () => undefined)
    }
    return engine
  } catch (error) {
    await client.close()
    throw error
  }
}

class ZookeeperEngine extends ZookeeperWatches implements SessionEngine<ClaimSession> {
  facts: Facts
  onClose: () => void = () => undefined
  readonly #client: ZookeeperClient
  readonly #base: TransactionBase
  readonly #line: ZookeeperLine
  readonly #sessions = new Set<ClaimSession>()

  constructor(client: ZookeeperClient, base: TransactionBase, facts: Facts) {
    super(client)
    this.facts = facts
    this.#client = client
    this.#base = base
    this.#line = new ZookeeperLine(client, base)
  }

  async close(): Promise<void> {
    this.onClose()
    await Promise.all([...[...this.#sessions].map((session) => session.end(false)), this.#client.close()])
  }

  async begin(ttlMs: number, delayMs: number): Promise<ClaimSession> {
    const session = await ClaimSession.begin(this.#client, ttlMs, delayMs)
    this.#sessions.add(session)
    return session
  }

  async beat(session: ClaimSession, needsSign: boolean): Promise<ReadonlyMap<string, string>> {
    session.touch()
    const path = marksPath(session.id)
    const read = Promise.all([session.tree.sync(path), readMarks(session.tree, path)])
    const [[, { marks }]] = await Promise.all([
      this.#client.call('reading evictions', read),
      needsSign ? session.sign() : undefined,
    ])
    return marks
  }

  async end(session: ClaimSession, atOnce: boolean): Promise<void> {
    this.#sessions.delete(session)
    await session.end(atOnce)
  }

  put(session: ClaimSession, claim: Claim): Promise<PutAnswer> {
    return this.#line.put(session, claim)
  }

  ahead(session: ClaimSession, claim: Claim, own: OwnPlace, isFresh: boolean): Promise<LineAhead | undefined> {
    return this.#line.ahead(session, claim, own as ZookeeperPlace, isFresh)
  }

  find(resource: string, id: string): Promise<(OwnPlace & { readonly isLingering: boolean }) | undefined> {
    return this.#line.find(resource, id)
  }

  remove(session: ClaimSession | undefined, ref: Ref, own: OwnPlace | undefined, removal: Removal): Promise<boolean> {
    // The connection of a session that ends is closed under its requests: what is known to be made is ended over another one.
    const asked = own !== undefined && session?.isOver === true ? undefined : session
    return this.#line.remove(asked, ref, own, removal)
  }

  note(session: ClaimSession, own: OwnPlace, note: string): Promise<boolean> {
    return this.#line.note(session, own as ZookeeperPlace, note)
  }

  line(resource: string): Promise<{ readonly entries: readonly WholeEntry[]; readonly version: string }> {
    return this.#line.whole(resource)
  }

  /** Lines without claims stay for a minute or two, so a page may be short. */
  async list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    const tree = await this.#client.home()
    const read = Promise.all([tree.sync(LINES_PATH), tree.getChildren(LINES_PATH)])
    const [, { names }] = await this.#client.call('listing', read)
    const behind = names.filter((name) => name.startsWith(prefix) && (cursor === undefined || name > cursor)).toSorted()
    const page = behind.slice(0, limit)
    const asked = Promise.all(page.map((name) => tree.exists(linePath(name))))
    const stats = await this.#client.call('listing', asked)
    const resources = page.filter((_, index) => (stats[index]?.childCount ?? 0) > 0)
    const last = page.at(-1)
    return behind.length > page.length && last !== undefined ? { resources, cursor: last } : { resources }
  }

  async evict(resource: string, entry: WholeEntry, reason: string): Promise<boolean> {
    const tree = await this.#client.home()
    const { path, data, stat } = entry.version as ReadClaim
    const marksOf = marksPath(stat.sessionId)
    const { marks, version } = await this.#client.call('evicting a claim', readMarks(tree, marksOf))
    const { key, token, weight, capacity } = entry
    const parts: MultiPart[] = [
      { kind: 'delete', path, version: stat.version },
      {
        kind: 'setData',
        path: marksOf,
        data: encodeMarks(new Map(marks).set(`${resource}/${data.id}`, reason)),
        version,
      },
    ]
    if (data.delayMs > 0) parts.push(remainderOf({ key, token, path, weight, capacity, data }, data.delayMs))
    return isDone(await this.#client.call('evicting a claim', tree.multi(parts)))
  }

  /** What stays goes with the session. */
  unmark(session: ClaimSession, names: readonly string[]): void {
    const path = marksPath(session.id)
    const forget = async ({ marks, version }: SessionMarks): Promise<void> => {
      const left = [...marks].filter(([name]) => !names.includes(name))
      if (left.length < marks.size) await session.tree.setData(path, encodeMarks(new Map(left)), version)
    }
    readMarks(session.tree, path)
      .then(forget)
      .catch(() => undefined)
  }

  async rebase(to?: bigint): Promise<TokenScaleView> {
    return await this.#base.rebase(to)
  }
}
