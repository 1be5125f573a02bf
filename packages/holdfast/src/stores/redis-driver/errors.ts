/**
 * What an error of Redis or of the network means for the caller. Redis begins each error with a code word; only that
 * is looked at. Everything that is not the server's own word leaves open what happened.
 */
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'

/** All that a store may throw. */
export type EngineError = NotApplied | OutcomeUnknown | StoreUnavailable

/** Passes by itself, and the server surely did nothing. */
const PASSING: ReadonlySet<string> = new Set([
  'LOADING',
  'BUSY',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'MASTERDOWN',
  'NOREPLICAS',
  'NOSCRIPT',
])

const ELSEWHERE =
  'is a node of a Redis Cluster, and the lock is on another one: use a Cluster client, or a URL that begins with redis+cluster:'
const ACCESS =
  'does not allow this user to do it: the commands EVAL, EVALSHA, SCRIPT LOAD, INFO, SUBSCRIBE, PUBLISH and those in the ' +
  'scripts are needed, on the keys and channels that begin with the prefix (docs/redis.md)'
const WAYS_OUT: ReadonlyMap<string, string> = new Map([
  ['READONLY', 'is a replica, which cannot grant locks: connect to the primary'],
  ['MISCONF', 'refuses writes because it cannot save its data: see its log'],
  ['OOM', 'is full (maxmemory): give it more memory, or a server of its own'],
  ['NOPERM', ACCESS],
  ['NOAUTH', 'wants a password: put it into the URL or the client'],
  ['WRONGPASS', 'refused the user name or the password'],
  ['WRONGTYPE', 'has a key of another program in the place of a lock: choose another prefix'],
  ['MOVED', ELSEWHERE],
  ['ASK', ELSEWHERE],
])

/** Without a connection nothing can have been sent. */
const NOT_REACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
])

/** In a script a command that the user may not use is refused without its code word, so here its words are looked at. */
const REFUSED_IN_SCRIPT = /^ERR (?:ACL failure in script|The user executing the script can't )/

/** The server's code word, or `undefined` for an error that is not an answer of the server. */
export function codeWordOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || 'code' in error) return undefined
  if (REFUSED_IN_SCRIPT.test(error.message)) return 'NOPERM'
  return /^[A-Z][A-Z0-9_]+(?= |$)/.exec(error.message)?.[0]
}

/** The error to throw. An error that is ours already passes unchanged. */
export function engineError(error: unknown, what: string): EngineError {
  if (error instanceof NotApplied || error instanceof OutcomeUnknown || error instanceof StoreUnavailable) return error
  const cause = withoutSecrets(error)
  const word = codeWordOf(error)
  if (word === undefined) {
    const code = systemCodeOf(error)
    if (code !== undefined && NOT_REACHED.has(code)) {
      return new StoreUnavailable(
        `${what}: Redis cannot be reached (${code}). Check the address, and whether it runs`,
        {
          cause,
        },
      )
    }
    return new OutcomeUnknown(`${what}: the connection to Redis failed before the answer came`, { cause })
  }
  if (PASSING.has(word)) return new NotApplied(`${what}: Redis is not ready (${word})`, { cause })
  const words = WAYS_OUT.get(word) ?? `answered with the error ${word}`
  return new StoreUnavailable(`${what}: Redis ${words}`, { cause })
}

/** Drivers keep the command in their errors, with passwords and claim ids in it: only the words are kept. */
function withoutSecrets(error: unknown): Error {
  const words = error instanceof Error ? error.message : String(error)
  return new Error(
    words.replaceAll(/\/\/[^\s/@]*@/g, '//***@').replaceAll(/\b[0-9a-f]{32}\b/g, (id) => `${id.slice(0, 8)}…`),
  )
}

function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
