/** For operators: which locks there are, and how one is taken from its holder. */
import { OutcomeUnknown } from '../../core/errors.ts'
import type { ResourcePage, StoreAdmin } from '../../core/store.ts'
import { wordsOf } from '../shared/redis/answers.ts'
import { NODE_MS_MAX } from './limits.ts'
import { allOf, seenBy, sizeOf } from './look.ts'
import type { Session } from './open.ts'
import { answersOf, causesOf, poll, troubleOf } from './quorum.ts'
import { scripts } from './scripts.ts'
import { holderOf } from './view.ts'
import { wordOf } from './wire.ts'

/** Keys of a whole server that one step walks past. */
const SCAN_COUNT = 1_000
/** Between the node, the place in its walk, and the resources that were found and did not fit into the page. */
const CURSOR_SEPARATOR = ' '
/** SCAN begins and ends with it. */
const WALK_EDGE = '0'

export function adminOf(opened: () => Session): StoreAdmin {
  return {
    list: (prefix, cursor, limit) => list(opened(), prefix, cursor, limit),
    evict: (resource, token, reason) => evict(opened(), resource, token, reason),
  }
}

/**
 * Walks through one node after the other, because no node has every lock: what a majority has is found on one of any
 * `nodes − majority + 1`, and a node that is away is passed over while enough remain.
 */
async function list(
  session: Session,
  prefix: string,
  cursor: string | undefined,
  limit: number,
): Promise<ResourcePage> {
  const { nodes, keys } = session
  const [at = '0', walk = WALK_EDGE, ...waiting] = (cursor ?? `0${CURSOR_SEPARATOR}${WALK_EDGE}`).split(
    CURSOR_SEPARATOR,
  )
  if (waiting.length > 0) return pageOf(session, at, walk, await claimedOf(session, waiting), limit)
  const node = nodes[Number(at)]
  if (node === undefined) return { resources: [] }
  const words = ['SCAN', walk, 'MATCH', keys.pattern(prefix), 'COUNT', String(SCAN_COUNT)]
  const scanned = node.command('list', words) as Promise<[string?, unknown?]>
  const [next = WALK_EDGE, records] = await scanned.catch((): [string?, unknown?] => [])
  const resources = wordsOf(records).map((record) => keys.resource(record))
  return pageOf(session, at, next, await claimedOf(session, resources), limit)
}

/** The records of an idle lock are there for a while, and a vote is not a lock. A majority of the nodes must answer. */
async function claimedOf(session: Session, resources: readonly string[]): Promise<readonly string[]> {
  const records = resources.map((resource) => session.keys.record(resource))
  const answers = await allOf(session, 'list', async (node) =>
    records.length === 0
      ? wordsOf(await node.command('list', ['TIME']))
      : wordsOf(await node.run(scripts.claimed, records, [])),
  )
  const away = session.nodes.length - answers.length
  return resources.filter((_, index) => {
    const counts = new Map<string, number>()
    for (const words of answers) counts.set(words[index] ?? '', (counts.get(words[index] ?? '') ?? 0) + 1)
    counts.delete('')
    return Math.max(0, ...counts.values()) > 0 && Math.max(...counts.values()) + away >= session.majority
  })
}

/** What does not fit waits in the cursor: asking for the same part of the walk again could answer in another order. */
function pageOf(
  { nodes }: Session,
  at: string,
  walk: string,
  resources: readonly string[],
  limit: number,
): ResourcePage {
  const rest = resources.slice(limit)
  const page = { resources: resources.slice(0, limit) }
  if (rest.length > 0) return { ...page, cursor: [at, walk, ...rest].join(CURSOR_SEPARATOR) }
  if (walk !== WALK_EDGE) return { ...page, cursor: [at, walk].join(CURSOR_SEPARATOR) }
  const next = Number(at) + 1
  return next < nodes.length ? { ...page, cursor: [String(next), WALK_EDGE].join(CURSOR_SEPARATOR) } : page
}

/** Looks which vote has exactly this token, and ends that vote wherever it is. */
async function evict(session: Session, resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'> {
  const { keys, nodes, majority } = session
  const holder = holderOf(await seenBy(session, resource), sizeOf(session))
  if (holder === undefined || holder.state !== 'held' || holder.token !== token) return 'gone'
  const all = keys.all(resource)
  const ended = await poll({
    ...session,
    limitMs: NODE_MS_MAX,
    ask: async (node) => wordOf(await node.run(scripts.evict, all, [holder.vote, reason])) === 'evicted',
    decide(replies, isOver) {
      const answers = answersOf(replies)
      const evicted = answers.filter((isEvicted) => isEvicted).length
      if (answers.length - evicted > nodes.length - majority) return 'gone'
      if (!isOver && evicted < majority) return undefined
      // Without these nodes the holder has no majority left to be renewed by.
      if (evicted > nodes.length - majority) return 'evicted'
      const causes = causesOf(
        nodes,
        replies.map((reply) => troubleOf(reply, NODE_MS_MAX)),
      )
      throw new OutcomeUnknown(`evict: too few of the nodes answered: ${causes}`)
    },
  })
  return ended ?? 'gone'
}
