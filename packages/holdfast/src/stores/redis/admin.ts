/** For operators: which locks there are, and how one is taken from its holder. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { ResourcePage } from '../../store/line-view.ts'
import type { TokenScaleView } from '../../store/store.ts'
import { isResource } from '../../store/names.ts'
import { replyFields } from '../redis-driver/answers.ts'
import { askedApart } from '../redis-driver/foreign-keys.ts'
import type { Primary } from '../redis-driver/driver.ts'
import { bySlot } from '../redis-driver/slots.ts'
import type { RedisKeys } from './keys.ts'
import type { RedisSession } from './open.ts'

/** Keys of the whole server that one step walks past. */
const SCAN_COUNT = 1_000
/** Between the place in the walk and the resources that were found and did not fit into the page. */
const CURSOR_SEPARATOR = ' '
/** Between the server and the place on it. */
const SERVER_SEPARATOR = '@'
/** What the numbers of Lua are exact to. */
const TOKEN_EXACT_MAX = BigInt(Number.MAX_SAFE_INTEGER)
/** SCAN begins and ends with it. */
const WALK_EDGE = '0'

export async function listOf(
  session: RedisSession,
  keys: RedisKeys,
  { prefix, cursor, limit }: { readonly prefix: string; readonly cursor: string | undefined; readonly limit: number },
): Promise<ResourcePage> {
  const [walk = '', ...found] = (cursor ?? '').split(CURSOR_SEPARATOR)
  if (found.length > 0) return pageOf(walk, await claimedOf(session, keys, found), limit)
  const [next, lines] = await scan(session, walk, keys.pattern(prefix))
  const resources = lines.map((line) => keys.resource(line)).filter(isResource)
  return pageOf(next, await claimedOf(session, keys, resources), limit)
}

export async function evictFrom(
  { connection, clock, scripts, isCluster, slotOf }: RedisSession,
  keys: RedisKeys,
  { resource, token, reason }: { readonly resource: string; readonly token: bigint; readonly reason: string },
): Promise<'evicted' | 'gone'> {
  const [line, index] = keys.all(resource)
  const floor = keys.floor(isCluster ? slotOf(line) : undefined)
  const answer = await connection.run(
    scripts.evict,
    [floor, line, index],
    [String(token), reason, String(Math.ceil(clock.wallMs() * 1000))],
  )
  return answer === 'evicted' ? 'evicted' : 'gone'
}

/** Of one server; in a Cluster there is a scale for each slot. */
export async function rebaseTo(
  { connection, scripts }: RedisSession,
  keys: RedisKeys,
  to: bigint | undefined,
): Promise<TokenScaleView> {
  if (to !== undefined && to > TOKEN_EXACT_MAX) {
    throw new StoreUnavailable(`rebase: a script of Redis counts exactly up to ${TOKEN_EXACT_MAX}, and not to ${to}`, {
      isFinal: true,
    })
  }
  const answer = await connection.run(scripts.rebase, [keys.floor(undefined)], [to === undefined ? '' : String(to)])
  return { highest: BigInt(String(answer)) }
}

/** One step. The walk is empty before the first and after the last one; a Cluster is walked primary by primary. */
async function scan({ connection }: RedisSession, walk: string, pattern: string): Promise<readonly [string, string[]]> {
  const { port } = connection
  const wordsFrom = (place: string): string[] => ['SCAN', place, 'MATCH', pattern, 'COUNT', String(SCAN_COUNT)]
  if (port.primaries === undefined) {
    const [next, lines] = scanned(await connection.command('list', wordsFrom(walk === '' ? WALK_EDGE : walk)))
    return [next === WALK_EDGE ? '' : next, lines]
  }
  const [place = WALK_EDGE, name = ''] = walk.split(SERVER_SEPARATOR)
  const primaries = await connection.bounded('list', port.primaries())
  const { server, following } = serverOf(primaries, name)
  if (server === undefined) return ['', []]
  const words = wordsFrom(server.name === name ? place : WALK_EDGE)
  const [next, lines] = scanned(await connection.bounded('list', server.send(words)))
  if (next !== WALK_EDGE) return [`${next}${SERVER_SEPARATOR}${server.name}`, lines]
  return [following === undefined ? '' : `${WALK_EDGE}${SERVER_SEPARATOR}${following.name}`, lines]
}

/** By address; where that one has gone, the walk goes on with those after it. */
function serverOf(
  primaries: readonly Primary[],
  name: string,
): { readonly server: Primary | undefined; readonly following: Primary | undefined } {
  const inOrder = primaries.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const [server, following] = inOrder.filter((each) => each.name >= name)
  return { server, following }
}

function scanned(answer: unknown): readonly [string, string[]] {
  const [next, lines] = Array.isArray(answer) ? (answer as readonly unknown[]) : []
  return [String(next ?? WALK_EDGE), [...replyFields(lines)]]
}

/** Without those whose claims have ended: their keys are there for a while. */
async function claimedOf(
  session: RedisSession,
  keys: RedisKeys,
  resources: readonly string[],
): Promise<readonly string[]> {
  if (resources.length === 0) return []
  const groups = session.isCluster ? bySlot(resources, (resource) => keys.line(resource)) : [resources]
  const claimed = await Promise.all(
    groups.map(async (group) => {
      // One that cannot be read is listed, so that it is named; looking at it says why.
      const areClaimed = await askedApart(group, true, (some) => claimedTogether(session, keys, some))
      return group.filter((_, index) => areClaimed[index] === true)
    }),
  )
  return claimed.flat()
}

async function claimedTogether(
  { connection, scripts }: RedisSession,
  keys: RedisKeys,
  resources: readonly string[],
): Promise<readonly boolean[]> {
  const lines = resources.flatMap((resource) => keys.all(resource))
  const answers = replyFields(await connection.run(scripts.hasClaims, lines, []))
  return resources.map((_, index) => answers[index] === '1')
}

/** What does not fit waits in the cursor: asking for the same part of the walk again could answer in another order. */
function pageOf(walk: string, resources: readonly string[], limit: number): ResourcePage {
  const rest = resources.slice(limit)
  const page = { resources: resources.slice(0, limit) }
  return rest.length === 0 && walk === '' ? page : { ...page, cursor: [walk, ...rest].join(CURSOR_SEPARATOR) }
}
