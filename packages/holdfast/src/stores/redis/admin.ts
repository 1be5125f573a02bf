/** For operators: which locks there are, and how one is taken from its holder. */
import type { ResourcePage, StoreAdmin } from '../../core/store.ts'
import type { Connection } from '../shared/redis/connection.ts'
import type { Keys } from './keys.ts'
import { scripts } from './scripts.ts'
import { wordsOf } from '../shared/redis/answers.ts'

/** Keys of the whole server that one step walks past. */
const SCAN_COUNT = 1_000
/** Between the place in the walk and the resources that were found and did not fit into the page. */
const CURSOR_SEPARATOR = ' '
/** SCAN begins and ends with it. */
const WALK_EDGE = '0'

export function adminOf(keys: Keys, connection: () => Connection): StoreAdmin {
  return {
    async list(prefix, cursor, limit) {
      const [walk = WALK_EDGE, ...found] = (cursor ?? WALK_EDGE).split(CURSOR_SEPARATOR)
      if (found.length > 0) return pageOf(walk, await claimedOf(connection(), keys, found), limit)
      const words = ['SCAN', walk, 'MATCH', keys.pattern(prefix), 'COUNT', String(SCAN_COUNT)]
      const [next = WALK_EDGE, lines] = (await connection().command('list', words)) as [string?, unknown?]
      const resources = wordsOf(lines).map((line) => keys.resource(line))
      return pageOf(next, await claimedOf(connection(), keys, resources), limit)
    },
    async evict(resource, token, reason) {
      const answer = await connection().run(scripts.evict, keys.all(resource), [String(token), reason])
      return answer === 'evicted' ? 'evicted' : 'gone'
    },
  }
}

/** The keys of an idle lock are there for a while. */
async function claimedOf(connection: Connection, keys: Keys, resources: readonly string[]): Promise<readonly string[]> {
  if (resources.length === 0) return []
  const names = resources.flatMap((resource) => {
    const [line, ends, , places] = keys.all(resource)
    return [line, ends, places]
  })
  const answers = wordsOf(await connection.run(scripts.claimed, names, []))
  return resources.filter((_, index) => answers[index] === '1')
}

/** What does not fit waits in the cursor: asking for the same part of the walk again could answer in another order. */
function pageOf(walk: string, resources: readonly string[], limit: number): ResourcePage {
  const rest = resources.slice(limit)
  const page = { resources: resources.slice(0, limit) }
  return rest.length === 0 && walk === WALK_EDGE ? page : { ...page, cursor: [walk, ...rest].join(CURSOR_SEPARATOR) }
}
