/** `holdfast/members`: who is there, on all machines. */
import { clientOf } from '../../client/client-registry.ts'
import { Misuse } from '../../store/errors.ts'
import type { Locks } from '../locks.ts'
import { recipeName } from '../recipe-name.ts'
import { LineMembers } from './line-members.ts'
import type { Members } from './members.ts'

export type * from './members.ts'

/** The list of `a:m/b` would be the mutex of the member b of `a`. */
const OF_A_MEMBER = /:m\//

/**
 * The members of a name on one store. Sends nothing before it is used. Throws `Misuse` for a name that has `:m/` in it.
 *
 * @example
 * const nodes = members(locks, 'search-nodes')
 * await using seat = await nodes.join({ metadata: 'http://10.0.0.7:9200' })
 * for (const { id, metadata } of await nodes.list()) console.log(id, metadata)
 */
export function members(locks: Locks, name: string): Members {
  const client = clientOf(locks)
  if (OF_A_MEMBER.test(name)) throw new Misuse(`the name of a list of members must not have ":m/" in it: "${name}"`)
  const idName = (id: string): string => recipeName('members', `${name}:m/${id}`)
  return new LineMembers(client, { name: recipeName('members', name), capacity: 1, idName })
}
