/**
 * What an error of Redis or of the network means for the caller. Redis begins each error with a code word; only that
 * is looked at, and in the few errors that have none of their own, how they begin. Everything that is not the server's
 * own word leaves open what happened. Each message ends with the last words of the driver, because they name the cause.
 */
import { CERTIFICATE, CERTIFICATE_WORDS, NOT_REACHED } from '../../store/connection-codes.ts'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { driversWords } from '../../store/drivers-words.ts'

/** All that a store may throw. */
export type EngineError = NotApplied | OutcomeUnknown | StoreUnavailable

/** What else is known about a call that failed. */
export interface FailedCall {
  /** What the driver said last about its connection, when it is not in the error itself. */
  readonly trouble?: unknown
  /** What was asked about. */
  readonly keys?: readonly string[]
  /** The text of the script that was run. */
  readonly script?: string
}

interface Meaning {
  /** Completes "Redis …". */
  readonly words: string
  /** Only a change of the set-up helps. */
  readonly isFinal: boolean
}

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

const final = (words: string): Meaning => ({ words, isFinal: true })
const passing = (words: string): Meaning => ({ words, isFinal: false })

const ELSEWHERE = final(
  'is a node of a Redis Cluster, and the lock is on another one: use a Cluster client, or a URL that begins with redis+cluster:',
)
/** Sentinels, and services with one address for a changing primary, make a replica of a primary and point elsewhere a moment later. */
const REPLICA = passing('is a replica, which cannot grant locks: connect to the primary')
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['READONLY', REPLICA],
  // A snapshot that failed for want of memory is tried again in seconds.
  ['MISCONF', passing('refuses writes because it cannot save its data: see its log')],
  ['OOM', final('is full (maxmemory): give it more memory, or a server of its own')],
  [
    'NOPERM',
    final(
      'does not allow this user to do it: the commands EVAL, EVALSHA, SCRIPT LOAD, INFO, SUBSCRIBE, PUBLISH and those in the ' +
        'scripts are needed, on the keys and channels that begin with the prefix (docs/redis.md)',
    ),
  ],
  ['NOAUTH', final('wants a password: put it into the URL or the client')],
  ['WRONGPASS', final('refused the user name or the password')],
  ['WRONGTYPE', final('has a key of another program in the place of a lock: choose another prefix')],
  ['MOVED', ELSEWHERE],
  ['ASK', ELSEWHERE],
  ['CROSSSLOT', ELSEWHERE],
  ['NOPROTO', final('does not speak the protocol that the client asks for')],
])

/** A script of ours stumbled over what it found; without the code word where it told of one claim among others. */
const UNREADABLE = /^(?:ERR )?(?:Error running script|user_script:\d+: )/

/** Errors whose code word is only ERR, by how they go on. */
const GENERIC: readonly (readonly [begin: RegExp, meaning: Meaning])[] = [
  [/^ERR unknown (?:sub)?command/i, final('lacks a command that is needed')],
  [/^ERR Unknown Redis command called from script/i, final('lacks a command that a script needs')],
  [
    UNREADABLE,
    final(
      'cannot read what stands in the place of a lock, a key of another program or of another version of Holdfast: ' +
        'choose another prefix',
    ),
  ],
  [/^ERR DB index is out of range/i, final('does not have the database that was asked for')],
  [/^ERR This instance has cluster support disabled/i, final('is no Redis Cluster: use a URL that begins with redis:')],
  [/^ERR invalid password/i, final('refused the password')],
  [/^ERR max number of clients reached/i, passing('has as many connections as it lets in (maxclients)')],
]

/** The key of a lock: its hash tag is an encoded resource. What else belongs to the lock has a word behind it. */
const LINE = /\{[^{}]*![^{}]*\}$/

/** In a script a command that the user may not use is refused without its code word, so here its words are looked at. */
const REFUSED_IN_SCRIPT = /^ERR (?:ACL failure in script|The user executing the script can't )/

/** TLS that did not come about: the other side does not speak it, not this version of it, or wants a certificate of ours. */
const HANDSHAKE =
  /^ERR_SSL_(?:WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|UNSUPPORTED_PROTOCOL|PACKET_LENGTH_TOO_LONG|NO_PROTOCOLS_AVAILABLE|(?:SSLV3|TLSV1|TLSV13)_ALERT_(?:HANDSHAKE_FAILURE|\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|UNRECOGNIZED_NAME))$/

const HANDSHAKE_WORDS =
  'does not take the TLS of this client: rediss: is for a port that speaks TLS, redis: for one that does not'

/** The server's code word, or `undefined` for an error that is not an answer of the server. */
export function codeWordOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || 'code' in error) return undefined
  if (REFUSED_IN_SCRIPT.test(error.message)) return 'NOPERM'
  return UNREADABLE.test(error.message) ? 'ERR' : /^[A-Z][A-Z0-9_]+(?= |$)/.exec(error.message)?.[0]
}

/** Whether a key that is not of Holdfast stands where a lock's should be. Takes what `engineError` made. */
export function isForeignKey(error: unknown): boolean {
  if (!(error instanceof StoreUnavailable) || !(error.cause instanceof Error)) return false
  return isAboutKey(codeWordOf(error.cause), error.cause.message)
}

function isAboutKey(word: string | undefined, message: string): boolean {
  return word === 'WRONGTYPE' || UNREADABLE.test(message)
}

/** The error to throw. An error that is ours already passes unchanged. */
export function engineError(error: unknown, what: string, call: FailedCall = {}): EngineError {
  if (error instanceof NotApplied || error instanceof OutcomeUnknown || error instanceof StoreUnavailable) return error
  const cause = new Error(driversWords(error))
  const word = codeWordOf(error)
  if (word === undefined) return connectionError(error, what, cause, call)
  const said = `. It said: ${cause.message}`
  if (PASSING.has(word)) return new NotApplied(`${what}: Redis is not ready (${word})${said}`, { cause })
  const { words, isFinal } = meaningOf(word, cause.message)
  return new StoreUnavailable(
    `${what}: Redis ${words}${placeOf(word, cause.message, call)}${said}${commandOf(cause.message, call)}`,
    {
      cause,
      isFinal,
    },
  )
}

function meaningOf(word: string, message: string): Meaning {
  const meaning = MEANINGS.get(word) ?? GENERIC.find(([begin]) => begin.test(message))?.[1]
  return meaning ?? passing(`answered with the error ${word}`)
}

/** Where the foreign key is, when one lock alone was asked about. */
function placeOf(word: string, message: string, { keys = [] }: FailedCall): string {
  const lines = new Set(keys.filter((key) => LINE.test(key)))
  return isAboutKey(word, message) && lines.size === 1 ? `, or remove ${[...lines][0]}` : ''
}

/** Redis does not name the command that is missing, only the line of the script. */
function commandOf(message: string, { script }: FailedCall): string {
  const line = /called from script.* on @user_script:(\d+)/i.exec(message)?.[1]
  const text = line === undefined ? undefined : script?.split('\n')[Number(line) - 1]
  const commands = [...(text ?? '').matchAll(/'([A-Z]{3,})'/g)].map(([, command]) => command)
  return commands.length === 0 ? '' : `, which is where it calls ${commands.join(' or ')}`
}

/** Of an error that the driver, the system or TLS made. */
function connectionError(error: unknown, what: string, cause: Error, { trouble }: FailedCall): EngineError {
  const code = systemCodeOf(error)
  const said = saidBy(error, trouble)
  if (code !== undefined && NOT_REACHED.has(code)) {
    return new StoreUnavailable(
      `${what}: Redis cannot be reached (${code}). Check the address, and whether it runs${said}`,
      { cause },
    )
  }
  if (code !== undefined && CERTIFICATE.test(code)) {
    return new StoreUnavailable(`${what}: Redis ${CERTIFICATE_WORDS}${said}`, { cause, isFinal: true })
  }
  const words = HANDSHAKE.test(code ?? '')
    ? `Redis ${HANDSHAKE_WORDS}`
    : 'the connection to Redis failed before the answer came'
  return new OutcomeUnknown(`${what}: ${words}${said}`, { cause, isFinal: isFinalTrouble(error, trouble) })
}

/** No answer came in time, and this is what the driver said of its connection meanwhile. */
export function unanswered(error: OutcomeUnknown, trouble: unknown): OutcomeUnknown {
  return new OutcomeUnknown(error.message + saidBy(trouble), { cause: error, isFinal: isFinalTrouble(trouble) })
}

function saidBy(...errors: readonly unknown[]): string {
  const words = errors.filter((error) => error !== undefined).map(driversWords)
  return `. The driver said: ${[...new Set(words)].join('; ')}`
}

/** Whether one of these says that a connection can never come about as things are. */
function isFinalTrouble(...errors: readonly unknown[]): boolean {
  return errors.some((error) => {
    const word = codeWordOf(error)
    if (word !== undefined) return meaningOf(word, driversWords(error)).isFinal
    const code = systemCodeOf(error) ?? ''
    return CERTIFICATE.test(code) || HANDSHAKE.test(code)
  })
}

function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
