/** A line as the children of a node in the order of their making: a claim is in it by one transaction, and out of it by another. */
import type { Claim, Ref } from '../../store/claim.ts'
import { NotApplied, OutcomeUnknown } from '../../store/errors.ts'
import type { LineAhead, LineEntry, OwnPlace, PutAnswer, Removal, WholeEntry } from '../sessions/engine.ts'
import { nameOf } from '../sessions/session-claims.ts'
import { refusalOf } from '../sessions/rule.ts'
import { zookeeperError } from '../zookeeper-driver/errors.ts'
import { CODE, ServerRefusal } from '../zookeeper-driver/failures.ts'
import { isWhole, type MultiPart, type NodeStat, type PartResult } from '../zookeeper-driver/requests.ts'
import type { NodeTree } from '../zookeeper-driver/tree.ts'
import { claimDataOf, decodeData, encodeData } from './claim-data.ts'
import type { ClaimSession } from './claim-session.ts'
import type { ZookeeperClient } from '../zookeeper-driver/client.ts'
import { entryOf, plainAhead, plainEntry } from './line-entry.ts'
import { isPlainName, lineOrder, mayBe, nameBegin, type NodeName } from './node-name.ts'
import { BASE_PATH, linePath, LINES_PATH } from './paths.ts'
import { type ReadClaim, remainderOf, tokenOf, versionOf, type ZookeeperPlace } from './place.ts'
import { Remainders } from './remainders.ts'
import type { TransactionBase } from './token-base.ts'

/** Lines that this store has made or entered: at most so many are remembered. */
const MADE_MAX = 10_000
/** Parts of a transaction that was refused for another part of it. */
const NOT_LOOKED_AT = -2
const NOTHING = new Uint8Array()

interface Names {
  readonly names: readonly string[]
  /** Undefined for a line that is not there. */
  readonly stat: NodeStat | undefined
}

export class ZookeeperLine {
  readonly #client: ZookeeperClient
  readonly #base: TransactionBase
  readonly #remainders: Remainders
  readonly #made = new Set<string>()
  /** The session of a put that was not answered: only what is read over this one comes behind it. */
  readonly #unanswered = new Map<string, NodeTree>()

  constructor(client: ZookeeperClient, base: TransactionBase) {
    this.#client = client
    this.#base = base
    this.#remainders = new Remainders(client)
  }

  async put(session: ClaimSession, claim: Claim): Promise<PutAnswer> {
    const { tree } = session
    const line = linePath(claim.resource)
    if (claim.queue) return await this.#put(session, claim, undefined)
    const { names, stat } = await this.#names(tree, line, false)
    const entries = await this.#entries(tree, line, lineOrder(names))
    if (refusalOf(entries, claim) !== undefined) return { kind: 'refused', line: entries }
    return await this.#put(session, claim, stat?.version ?? 0)
  }

  /**
   * A claim in front was made before the own one, which this session has seen made, so that none can be missed however old
   * the answer is. `isFresh`: it is as new as what a watch of this session has told.
   */
  async ahead(
    { tree }: ClaimSession,
    claim: Claim,
    own: ZookeeperPlace,
    isFresh: boolean,
  ): Promise<LineAhead | undefined> {
    const line = linePath(claim.resource)
    const { names } = await this.#names(tree, line, isFresh)
    if (claim.weight === 1 && claim.capacity === 1 && names.every(isPlainName)) return plainAhead(names, own.key)
    const order = lineOrder(names)
    const index = order.findIndex(({ name }) => name === own.key)
    if (index < 0) return undefined
    return { entries: await this.#entries(tree, line, order.slice(0, index + 1)), unread: 0 }
  }

  async find(resource: string, id: string): Promise<(ZookeeperPlace & { readonly isLingering: boolean }) | undefined> {
    const tree = this.#unanswered.get(nameOf({ resource, id })) ?? (await this.#client.home())
    const line = linePath(resource)
    const { names } = await this.#names(tree, line, false)
    for (const node of lineOrder(names).filter((each) => mayBe(each, id))) {
      const { name: key, weight, capacity, sequence } = node
      const path = `${line}/${key}`
      const read = await this.#read(tree, path)
      if (read?.data.id !== id) continue
      const token = tokenOf(read, node)
      return { key, token, path, weight, capacity, data: read.data, isLingering: sequence === undefined }
    }
    this.#unanswered.delete(nameOf({ resource, id }))
    return undefined
  }

  /** A put that is still under way needs no bar: what is sent over the same session comes behind it. */
  async remove(
    session: ClaimSession | undefined,
    { resource, id }: Ref,
    own: OwnPlace | undefined,
    { keepMs }: Removal,
  ): Promise<boolean> {
    const tree = session?.tree ?? (await this.#client.home())
    const found = own === undefined ? await this.find(resource, id) : undefined
    this.#unanswered.delete(nameOf({ resource, id }))
    const place = (own as ZookeeperPlace | undefined) ?? found
    if (place === undefined || found?.isLingering === true) return false
    const { path } = place
    if (keepMs <= 0) {
      const removed = tree.delete(path).then(
        () => true,
        (error: unknown) => {
          if (!isMissing(error)) throw error
          return false
        },
      )
      return await this.#client.call('leaving a line', removed)
    }
    const parts: readonly MultiPart[] = [{ kind: 'delete', path }, remainderOf(place, keepMs)]
    return isDone(await this.#client.call('leaving a line', tree.multi(parts)))
  }

  async note({ tree }: ClaimSession, place: ZookeeperPlace, note: string): Promise<boolean> {
    const data = { ...place.data, note }
    const line = place.path.slice(0, place.path.lastIndexOf('/'))
    const parts: readonly MultiPart[] = [
      { kind: 'setData', path: place.path, data: encodeData(data) },
      // Observers look at the line alone.
      { kind: 'setData', path: line, data: NOTHING },
    ]
    if (!isDone(await this.#client.call('changing a note', tree.multi(parts)))) return false
    place.data = data
    return true
  }

  /** With the texts, for people and for evictions. Changes nothing. */
  async whole(resource: string): Promise<{ readonly entries: readonly WholeEntry[]; readonly version: string }> {
    const tree = await this.#client.home()
    const line = linePath(resource)
    const { names, stat } = await this.#names(tree, line, false)
    const entries = await Promise.all(
      lineOrder(names).map(async (node): Promise<WholeEntry | undefined> => {
        const read = await this.#read(tree, `${line}/${node.name}`)
        const endsInMs = node.sequence === undefined ? await this.#remainders.leftMs(tree, line, node) : undefined
        if (read === undefined || endsInMs === 0) return undefined
        const { id, owner, note } = read.data
        return { ...entryOf(node, endsInMs), id, owner, note, token: tokenOf(read, node), version: read }
      }),
    )
    return { entries: entries.filter((entry) => entry !== undefined), version: versionOf(stat) }
  }

  /** `version`: of the line, where nobody may have entered since. */
  async #put(session: ClaimSession, claim: Claim, version: number | undefined): Promise<PutAnswer> {
    const { tree } = session
    const line = linePath(claim.resource)
    const { value, version: baseVersion } = this.#base
    const data = claimDataOf(claim, value)
    const name = nameOf(claim)
    // It leaves together with the transaction, and fails where the line is there.
    if (!this.#made.has(line)) tree.multi(makingOf(line)).catch(() => undefined)
    this.#unanswered.set(name, tree)
    const parts: readonly MultiPart[] = [
      { kind: 'check', path: BASE_PATH, version: baseVersion },
      { kind: 'create', path: `${line}/${nameBegin(claim)}`, data: encodeData(data), mode: 'ephemeralSequential' },
      // Its answer tells the transaction, and how many are in the line.
      { kind: 'setData', path: line, data: NOTHING, ...(version === undefined ? {} : { version }) },
    ]
    const results = await this.#client.call('entering a line', tree.multi(parts)).catch((error: unknown) => {
      if (!(error instanceof OutcomeUnknown)) this.#unanswered.delete(name)
      throw error
    })
    this.#unanswered.delete(name)
    const [, { path } = {}, { stat } = {}] = results
    if (path === undefined || stat === undefined) throw await this.#notMade(line, results)
    this.#remember(line)
    const { weight, capacity } = claim
    const key = path.slice(line.length + 1)
    const own: ZookeeperPlace = { key, token: value + stat.changedAt, path, weight, capacity, data }
    if (stat.childCount === 1) {
      return { kind: 'made', own, ahead: { entries: [{ ...plainEntry(key), weight, capacity }], unread: 0 } }
    }
    // It is made: what cannot be read now is asked for again.
    const ahead = await this.ahead(session, claim, own, true).catch(() => undefined)
    return ahead === undefined ? { kind: 'found', own } : { kind: 'made', own, ahead }
  }

  async #notMade(line: string, results: readonly PartResult[]): Promise<unknown> {
    const [base, entered, counted] = results.map(({ code }) => code)
    if (base === CODE.badVersion) {
      await this.#base.load()
      return new NotApplied('the base of the tokens was moved')
    }
    if (counted === CODE.badVersion) return new NotApplied('the line changed while the claim entered')
    this.#made.delete(line)
    if (entered === CODE.noNode) return new NotApplied('the line was empty and has gone away')
    return zookeeperError(refusalIn(results), 'entering a line')
  }

  async #entries(tree: NodeTree, line: string, order: readonly NodeName[]): Promise<readonly LineEntry[]> {
    const entries: LineEntry[] = []
    for (const node of order) {
      const endsInMs = node.sequence === undefined ? await this.#remainders.leftMs(tree, line, node) : undefined
      if (endsInMs === 0) this.#remainders.end(tree, line, node)
      else entries.push(entryOf(node, endsInMs))
    }
    return entries
  }

  async #names(tree: NodeTree, line: string, isFresh: boolean): Promise<Names> {
    // Both leave together, and are answered in turn.
    const synced = isFresh ? undefined : tree.sync(line)
    const read = tree.getChildren(line).catch((error: unknown): Names => {
      if (!isMissing(error)) throw error
      return { names: [], stat: undefined }
    })
    const [found] = await this.#client.call('reading a line', Promise.all([read, synced]))
    return found
  }

  async #read(tree: NodeTree, path: string): Promise<ReadClaim | undefined> {
    const read = tree.getData(path).catch((error: unknown) => {
      if (!isMissing(error)) throw error
      return undefined
    })
    const found = await this.#client.call('reading a claim', read)
    return found === undefined ? undefined : { path, data: decodeData(path, found.data), stat: found.stat }
  }

  #remember(line: string): void {
    this.#made.add(line)
    if (this.#made.size <= MADE_MAX) return
    for (const oldest of this.#made) {
      this.#made.delete(oldest)
      break
    }
  }
}

/** Whether all of it was done. False where something of it is not there any more. */
export function isDone(results: readonly PartResult[]): boolean {
  if (isWhole(results)) return true
  const refusal = refusalIn(results)
  if ([CODE.noNode, CODE.badVersion, CODE.nodeExists].some((code) => code === refusal.code)) return false
  throw zookeeperError(refusal, 'changing a line')
}

/** What makes a line, and tells those that look for empty ones. */
function makingOf(line: string): readonly MultiPart[] {
  return [
    { kind: 'create', path: line, data: NOTHING, mode: 'container' },
    { kind: 'setData', path: LINES_PATH, data: NOTHING },
  ]
}

function isMissing(error: unknown): boolean {
  return error instanceof ServerRefusal && error.code === CODE.noNode
}

/** Why nothing of it was done: the one part that was looked at and refused. */
function refusalIn(results: readonly PartResult[]): ServerRefusal {
  const refused = results.find(({ code }) => code !== CODE.ok && code !== NOT_LOOKED_AT)
  return new ServerRefusal(refused?.code ?? NOT_LOOKED_AT, 'multi')
}
