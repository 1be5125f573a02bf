/** For operators: which locks there are, and how one is taken from its holder. */
import { OutcomeUnknown } from '../../store/errors.ts'
import type { ResourcePage } from '../../store/line-view.ts'
import { isResource } from '../../store/names.ts'
import { replyFields } from '../redis-driver/answers.ts'
import { askedApart } from '../redis-driver/foreign-keys.ts'
import { NODE_MS_MAX } from './limits.ts'
import { allOf, seenBy } from './look.ts'
import { isMajority } from './membership.ts'
import type { RedlockSession } from './open.ts'
import { causesOf, poll, troubleOf } from './quorum.ts'
import { scripts } from './scripts.ts'
import { holderOf } from './view.ts'
import { wordOf } from './wire.ts'

/** Keys of a whole server that one step walks past. */
const SCAN_COUNT = 1_000
/** In the place of an owner: a majority of such records is listed, so that it is named; looking at it says why. */
const UNREADABLE = 'unreadable'
/** SCAN begins and ends with it. */
const WALK_EDGE = '0'

/** Where a list goes on: its text is `node:walked,walked walk resource resource …`. */
interface PageCursor {
  /** The node that is walked through, and those that were before it. */
  readonly node: number
  readonly walked: readonly number[]
  readonly walk: string
  /** What was found and did not fit into the page; it was not met before. */
  readonly found: readonly string[]
}

/**
 * Walks through one node after the other, because no node has every lock, and names each lock where it is met first. A
 * node that is away is passed over; what a majority has is met on another one.
 */
export async function list(
  session: RedlockSession,
  prefix: string,
  cursor: string | undefined,
  limit: number,
): Promise<ResourcePage> {
  const { nodes, keys } = session
  const place = placeOf(cursor)
  if (place.found.length > 0) return pageOf(nodes.length, place, await claimedOf(session, [], place.found), limit)
  const node = nodes[place.node]
  if (node === undefined) return { resources: [] }
  const words = ['SCAN', place.walk, 'MATCH', keys.pattern(prefix), 'COUNT', String(SCAN_COUNT)]
  const scanned = await node.command('list', words).catch(() => undefined)
  if (!Array.isArray(scanned)) {
    // Passed over, if a majority is there.
    await allOf(session, 'list', (each) => each.command('list', ['TIME']))
    return pageOf(nodes.length, { ...place, node: place.node + 1, walk: WALK_EDGE }, [], limit)
  }
  const [walk, records] = scanned as readonly unknown[]
  const resources = replyFields(records)
    .map((record) => keys.resource(record))
    .filter(isResource)
  const next = { ...place, walk: String(walk) }
  const claimed = await claimedOf(session, place.walked, resources)
  if (next.walk !== WALK_EDGE) return pageOf(nodes.length, next, claimed, limit)
  return pageOf(nodes.length, { ...next, node: place.node + 1, walked: [...place.walked, place.node] }, claimed, limit)
}

/** The records of an idle lock are there for a while, and a vote is not a lock. A majority of the nodes must answer. */
async function claimedOf(
  session: RedlockSession,
  walked: readonly number[],
  resources: readonly string[],
): Promise<readonly string[]> {
  if (resources.length === 0) return []
  const records = resources.map((resource) => session.keys.record(resource))
  const answers = await allOf(session, 'list', async (node) => ({
    node: session.nodes.indexOf(node),
    owners: await askedApart(records, UNREADABLE, async (some) =>
      replyFields(await node.run(scripts.hasClaims, some, [])),
    ),
  }))
  return resources.filter((_, index) => {
    const ownerOn = (node: number): string | undefined => answers.find((answer) => answer.node === node)?.owners[index]
    const found = new Set(answers.flatMap(({ owners }) => owners[index] ?? []).filter((owner) => owner !== ''))
    // With those that did not answer.
    const isHeld = [...found].some((owner) =>
      isMajority(session.list.quorum, (node) => (ownerOn(node) ?? owner) === owner),
    )
    const wasMet = answers.some(({ node, owners }) => walked.includes(node) && owners[index] !== '')
    return isHeld && !wasMet
  })
}

function placeOf(cursor: string | undefined): PageCursor {
  const [at = '', walk = WALK_EDGE, ...found] = (cursor ?? '0: 0').split(' ')
  const [node, walked = ''] = at.split(':')
  return { node: Number(node), walked: walked === '' ? [] : walked.split(',').map(Number), walk, found }
}

/** What does not fit waits in the cursor: asking for the same part of the walk again could answer in another order. */
function pageOf(nodes: number, next: PageCursor, resources: readonly string[], limit: number): ResourcePage {
  const page = { resources: resources.slice(0, limit) }
  const found = resources.slice(limit)
  if (found.length === 0 && next.node >= nodes) return page
  return { ...page, cursor: [`${next.node}:${next.walked.join(',')}`, next.walk, ...found].join(' ') }
}

/** Looks which vote has exactly this token, and ends that vote wherever it is. */
export async function evict(
  session: RedlockSession,
  resource: string,
  token: bigint,
  reason: string,
): Promise<'evicted' | 'gone'> {
  const { keys, nodes, list } = session
  const holder = holderOf(await seenBy(session, resource), list.quorum)
  if (holder === undefined || holder.state !== 'held' || holder.token !== token) return 'gone'
  const all = keys.all(resource)
  const ended = await poll({
    ...session,
    limitMs: NODE_MS_MAX,
    ask: async (node) => wordOf(await node.run(scripts.evict, all, [holder.vote, reason])) === 'evicted',
    decide(replies, isOver) {
      const answerOf = (node: number): boolean | undefined => {
        const reply = replies[node]
        return reply !== undefined && 'answer' in reply ? reply.answer : undefined
      }
      // Without the nodes that answered the holder has no majority left to be renewed by.
      if (!isMajority(list.quorum, (node) => answerOf(node) === undefined)) {
        return isMajority(list.quorum, (node) => answerOf(node) !== false) ? 'evicted' : 'gone'
      }
      if (!isOver) return undefined
      const causes = causesOf(
        nodes,
        replies.map((reply) => troubleOf(reply, NODE_MS_MAX)),
      )
      throw new OutcomeUnknown(`evict: too few of the nodes answered: ${causes}`)
    },
  })
  return ended ?? 'gone'
}
