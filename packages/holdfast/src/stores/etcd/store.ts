/** The store: each claim is a key on the lease of its session, and the line is the order in which they were made. */
import type { Claim, Ref } from '../../store/claim.ts'
import type { Facts } from '../../store/facts.ts'
import type { ResourcePage } from '../../store/line-view.ts'
import type { Store, StoreEnvironment, TokenScaleView } from '../../store/store.ts'
import type { EtcdAddress } from '../etcd-driver/address.ts'
import { EtcdChannel, type EtcdTls } from '../etcd-driver/channel.ts'
import { GRPC } from '../etcd-driver/failures.ts'
import { rangeMethod, type TxnAnswer, txnMethod } from '../etcd-driver/messages.ts'
import { loadedCodec } from '../etcd-driver/wire.ts'
import type { LineAhead, OwnPlace, PutAnswer, Removal, SessionEngine, WholeEntry } from '../sessions/engine.ts'
import { SessionStore } from '../sessions/store.ts'
import { encodeClaim, entryWithEnd, type ReadState } from './claim-text.ts'
import { type EtcdFindings, etcdFactsOf, probedEtcd } from './facts.ts'
import { EtcdKeys } from './keys.ts'
import { type EtcdSession, Leases } from './leases.ts'
import { EtcdLine, type EtcdPlace } from './line.ts'
import { type EtcdHolder, type EtcdOwnership, ownershipIn } from './ownership.ts'
import { either, erase, isModifiedAt, lineRange, rangeEndOf, rangeOf, write } from '../etcd-driver/requests.ts'
import { TokenBase } from './token-base.ts'
import { EtcdWatches } from './watches.ts'

export interface EtcdPlan {
  readonly address: EtcdAddress
  readonly tls: EtcdTls
  readonly prefix: string
}

export interface EtcdStore extends Store {
  /**
   * What must be true in a transaction of yours on the same etcd, so that it is carried out only while the lease holds: a
   * guard without a mark. A holder whose lease ended, was evicted or was released is refused by etcd itself, however late
   * its request arrives. Throws `LeaseLost` when it is known here that the lease is over, and `Misuse` for a lease of
   * another store.
   *
   * @example
   * ```ts
   * const { compare } = store.ownership(lease)
   * await fetch(`${url}/v3/kv/txn`, { method: 'POST', body: JSON.stringify({ compare: [compare], success: [put] }) })
   * ```
   */
  ownership(lease: EtcdHolder): EtcdOwnership
}

export function etcdStore(plan: EtcdPlan): EtcdStore {
  const opened = new Set<SessionStore<EtcdSession>>()
  return {
    async open(environment) {
      const engine = await openedEngine(plan, environment)
      const store = new SessionStore<EtcdSession>(engine, environment.clock)
      opened.add(store)
      engine.onClose = () => opened.delete(store)
      return store
    },
    ownership: (lease) => ownershipIn(opened, lease),
  }
}

async function openedEngine({ address, tls, prefix }: EtcdPlan, environment: StoreEnvironment): Promise<EtcdEngine> {
  const channel = new EtcdChannel(address, tls, await loadedCodec(), environment)
  try {
    const keys = new EtcdKeys(prefix)
    const leases = new Leases(channel, environment.clock)
    const base = new TokenBase(channel, environment.clock, keys)
    const findings = await probedEtcd(channel, leases)
    await base.load()
    const engine = new EtcdEngine({ channel, keys, leases, base, facts: etcdFactsOf(findings) })
    channel.onReconnect = () => {
      const tell = (now: EtcdFindings): void => {
        engine.facts = etcdFactsOf(now)
        environment.factsChanged?.(engine.facts)
      }
      // What cannot be asked now is asked after the next connection.
      probedEtcd(channel, leases).then(tell, () => undefined)
    }
    return engine
  } catch (error) {
    channel.close()
    throw error
  }
}

interface EtcdParts {
  readonly channel: EtcdChannel
  readonly keys: EtcdKeys
  readonly leases: Leases
  readonly base: TokenBase
  readonly facts: Facts
}

class EtcdEngine extends EtcdWatches implements SessionEngine<EtcdSession> {
  facts: Facts
  onClose: () => void = () => undefined
  readonly #channel: EtcdChannel
  readonly #keys: EtcdKeys
  readonly #leases: Leases
  readonly #base: TokenBase
  readonly #line: EtcdLine

  constructor({ channel, keys, leases, base, facts }: EtcdParts) {
    super(channel, keys)
    this.facts = facts
    this.#channel = channel
    this.#keys = keys
    this.#leases = leases
    this.#base = base
    this.#line = new EtcdLine(channel, keys, base, leases)
  }

  close(): void {
    this.#channel.close()
    this.onClose()
  }

  begin(ttlMs: number, delayMs: number): Promise<EtcdSession> {
    return this.#leases.begin(ttlMs, delayMs)
  }

  async beat(session: EtcdSession, needsSign: boolean): Promise<ReadonlyMap<string, string>> {
    const prefix = this.#keys.marks(session.lease)
    const [{ kvs }] = await Promise.all([
      this.#channel.call(rangeMethod, rangeOf(prefix), 'reading evictions'),
      needsSign ? this.#leases.keepAlive(session) : undefined,
    ])
    return new Map(kvs.map(({ key, value }) => [key.slice(prefix.length), value]))
  }

  async end(session: EtcdSession, atOnce: boolean): Promise<void> {
    session.isDead = true
    if (atOnce) await this.#leases.revoke(session.lease)
  }

  put(session: EtcdSession, claim: Claim): Promise<PutAnswer> {
    return this.#line.put(session, claim)
  }

  ahead(_: EtcdSession, claim: Claim, own: OwnPlace): Promise<LineAhead | undefined> {
    return this.#line.ahead(claim, own as EtcdPlace)
  }

  find(resource: string, id: string): Promise<(OwnPlace & { readonly isLingering: boolean }) | undefined> {
    return this.#line.find(resource, id)
  }

  remove(session: EtcdSession | undefined, ref: Ref, own: OwnPlace | undefined, removal: Removal): Promise<boolean> {
    return this.#line.remove(session, ref, own as EtcdPlace | undefined, removal)
  }

  note(session: EtcdSession, own: OwnPlace, note: string): Promise<boolean> {
    const place = own as EtcdPlace
    return this.#line.replace(place, { ...place.text, note }, session.lease)
  }

  async line(resource: string): Promise<{ readonly entries: readonly WholeEntry[]; readonly version: string }> {
    const { kvs, header } = await this.#channel.call(rangeMethod, lineRange(this.#keys.line(resource)), 'looking')
    const left = await this.#leases.remaining(kvs.map(({ lease }) => lease))
    return { entries: kvs.map((kv) => entryWithEnd(kv, left.get(kv.lease))), version: String(header?.revision ?? 0n) }
  }

  async list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    const lines = this.#keys.lines(prefix)
    const key = cursor === undefined ? lines : this.#keys.behindLine(cursor)
    const request = { key, rangeEnd: rangeEndOf(lines), limit: BigInt(limit), keysOnly: true }
    const { kvs, more } = await this.#channel.call(rangeMethod, request, 'listing')
    const resources = [...new Set(kvs.map((kv) => this.#keys.resourceOf(kv.key)))]
    const last = resources.at(-1)
    return more && last !== undefined ? { resources, cursor: last } : { resources }
  }

  async evict(resource: string, entry: WholeEntry, reason: string): Promise<boolean> {
    const { text, modRevision, lease } = entry.version as ReadState
    const { key, id } = entry
    const lingering = { ...text, isLingering: true }
    const ending =
      text.delayMs > 0 ? write(key, encodeClaim(lingering), (await this.#leases.grant(text.delayMs)).id) : erase(key)
    const mark = write(`${this.#keys.marks(lease)}${resource}/${id}`, reason, lease)
    const request = either([isModifiedAt(key, modRevision)], [ending, mark], [])
    const isOver = (code: number): TxnAnswer | undefined =>
      code === GRPC.notFound ? { succeeded: false, responses: [] } : undefined
    return (await this.#channel.call(txnMethod, request, 'evicting a claim', isOver)).succeeded
  }

  unmark({ lease }: EtcdSession, names: readonly string[]): void {
    const erased = names.map((name) => erase(`${this.#keys.marks(lease)}${name}`))
    // What stays goes with the lease.
    this.#channel.call(txnMethod, either([], erased, []), 'forgetting an eviction').catch(() => undefined)
  }

  async rebase(to?: bigint): Promise<TokenScaleView> {
    return await this.#base.rebase(to)
  }
}
