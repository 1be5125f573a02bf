/** What the errors of NATS, of JetStream and of their client mean for a lock. */
import { type EngineErrorKind, type EngineMeaning, engineError } from '../../store/engine-errors.ts'
import { HoldfastError } from '../../store/errors.ts'

/** The answer of JetStream to a request that it refused: its own number, and an HTTP status. */
export class NatsRefusal extends Error {
  readonly number: number
  readonly status: number

  constructor({ code = 0, err_code: number = 0, description = '' }: NatsApiError) {
    super(description)
    this.name = 'NatsRefusal'
    this.number = number
    this.status = code
  }
}

export interface NatsApiError {
  readonly code?: number
  readonly err_code?: number
  readonly description?: string
}

const RIGHTS = 'does not allow it to this user: the subjects that a store needs stand in docs/nats.md'
const NO_ROOM = 'has no room for it: give JetStream more, or the bucket a higher limit'
const NO_LEADER = 'has no leader for it at the moment: more than half of the servers with JetStream must be up'
const LOGIN = 'refused the login: look at the user, the token or the file of credentials'

/** By the number of JetStream (errors.json of the server). */
const REFUSALS: Readonly<Record<number, readonly [kind: EngineErrorKind, words: string]>> = {
  10005: ['final', 'has fewer servers for a stream than it is to have replicas: name fewer (replicas)'],
  10008: ['passing', NO_LEADER],
  10009: ['passing', NO_LEADER],
  10023: ['away', NO_ROOM],
  10028: ['away', NO_ROOM],
  10039: ['final', 'has no JetStream for this account'],
  10047: ['away', NO_ROOM],
  10054: ['final', 'takes no records of this length: the bucket needs a max-value-size of 64 KiB or more'],
  10059: ['away', 'does not have the bucket any more: it was deleted'],
  10074: ['final', 'is one server alone and keeps a stream only once: name one replica (replicas)'],
  10076: ['final', 'has JetStream switched off: start it with -js, or with jetstream {} in its configuration'],
}

/** By the name that the client gives its errors. */
const CLIENT_ERRORS: Readonly<Record<string, readonly [kind: EngineErrorKind, words: string]>> = {
  AuthorizationError: ['final', LOGIN],
  UserAuthenticationExpiredError: ['final', 'refused credentials that have expired'],
  PermissionViolationError: ['final', RIGHTS],
  NoRespondersError: ['passing', `${NO_LEADER}, and JetStream switched on`],
  TimeoutError: ['unknown', 'did not answer in time'],
  ClosedConnectionError: ['away', 'is asked over a connection that was closed'],
  DrainingConnectionError: ['away', 'is asked over a connection that is being closed'],
}

export const WRONG_SEQUENCES: ReadonlySet<number> = new Set([10_071, 10_164])
export const NO_MESSAGE = 10_037
export const NO_STREAM = 10_059
/** A stream of this name is there, made otherwise. */
export const OTHER_STREAM = 10_058

export function isRefusal(error: unknown, number: number): boolean {
  return error instanceof NatsRefusal && error.number === number
}

/** `isUnsent`: the connection is still to be made. */
export function natsError(error: unknown, what: string, isUnsent = false): unknown {
  return engineError(rootOf(error), { what, engine: 'NATS', isUnsent, meaningOf })
}

/** The client puts what happened inside of errors that say where. What is ours already says it. */
function rootOf(error: unknown): unknown {
  let root = error
  for (let depth = 0; depth < 5; depth += 1) {
    if (!(root instanceof Error) || root instanceof HoldfastError || !(root.cause instanceof Error)) break
    root = root.cause
  }
  return root
}

function meaningOf(error: unknown): EngineMeaning | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof NatsRefusal) {
    const { number, status } = error
    const [kind, words] = REFUSALS[number] ?? [status >= 500 ? 'unknown' : 'away', 'refused the request']
    return { kind, words, code: String(number) }
  }
  const known = CLIENT_ERRORS[error.name]
  return known === undefined ? undefined : { kind: known[0], words: known[1], code: error.name }
}
