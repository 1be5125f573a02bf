/** Attempts and votes as redlock counts them. */
import { type HoldfastError, WaitTimeout } from '../../store/errors.ts'
import { type ExecutionStats, type RedlockClient, type RedlockSettings, ResourceLockedError } from './shape.ts'

/** Nobody reads more of them, and a `retryCount` may be any number. */
const ATTEMPTS_MAX = 1_000

/** Redlock counts the last votes when it is over already; here they are in. */
export function attemptsOf(
  clients: ReadonlySet<RedlockClient>,
  against?: { readonly vote: Error; readonly settings: RedlockSettings },
): readonly Promise<ExecutionStats>[] {
  const stats: ExecutionStats = {
    membershipSize: clients.size,
    quorumSize: Math.floor(clients.size / 2) + 1,
    votesFor: new Set(against === undefined ? clients : []),
    votesAgainst: new Map(against === undefined ? [] : [...clients].map((client) => [client, against.vote])),
  }
  const count = against === undefined ? 1 : triesOf(against.settings)
  return Array.from({ length: count }, () => Promise.resolve(stats))
}

/** Redlock keeps no attempts when there is no end of them. */
function triesOf({ retryCount }: RedlockSettings): number {
  return retryCount === -1 ? 1 : Math.max(1, Math.min(Math.ceil(retryCount) + 1, ATTEMPTS_MAX))
}

/** In the words of redlock, which programs compare; ours are the cause. */
export function voteAgainst(error: HoldfastError, resources: number, clients: ReadonlySet<RedlockClient>): Error {
  const options = { cause: error }
  if (error instanceof WaitTimeout) {
    return new ResourceLockedError(`The operation was applied to: 0 of the ${resources} requested resources.`, options)
  }
  // What ioredis answers to every command from then on.
  if ([...clients].every((client) => 'status' in client && client.status === 'end')) {
    return new Error('Connection is closed.', options)
  }
  return error
}
