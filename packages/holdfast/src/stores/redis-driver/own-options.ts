/** How every ioredis client of ours is set up, made of a URL or beside a client of the caller. */
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import { reconnectInMs } from './driver.ts'

/** Shorter than an opening waits for an answer, so that the driver's word on it comes first. */
export const CONNECT_MS_MAX: number = ATTEMPT_MS_MAX - 1_000

/** Of every client that is ours and not the caller's. */
export const ownOptions: {
  readonly lazyConnect: true
  readonly autoResendUnfulfilledCommands: false
  readonly disableClientInfo: true
  readonly connectTimeout: number
  readonly socketTimeout: number
  retryStrategy(attempt: number): number
  reconnectOnError(error: Error): boolean
} = {
  lazyConnect: true,
  // The client asks again, and knows what it asked before.
  autoResendUnfulfilledCommands: false,
  // The first command is the one whose answer is looked at: a server with too many connections answers it alone, and ends.
  disableClientInfo: true,
  connectTimeout: CONNECT_MS_MAX,
  retryStrategy: reconnectInMs,
  // Gives up a connection on which nothing is answered: a frozen server, whose place another one may have taken.
  socketTimeout: ATTEMPT_MS_MAX,
  // A primary that became a replica stays connected: only a new connection finds the new primary.
  reconnectOnError: ({ message }) => message.startsWith('READONLY '),
}
