/** The codes of ZooKeeper, and what each failure of a request means for a lock. */
import { type EngineErrorKind, type EngineMeaning, codeOf, engineError } from '../../store/engine-errors.ts'
import { driversWords } from '../../store/drivers-words.ts'
import { HoldfastError, NotApplied, StoreUnavailable } from '../../store/errors.ts'
import { AnswerMissing, CODE, RequestUnsent, ServerRefusal, SessionOver } from './failures.ts'

const ENGINE = 'ZooKeeper'
/** A connection fails for a reason that has a reason. */
const CAUSES_MAX = 5

/** By the codes of org.apache.zookeeper.KeeperException.Code. What the server had begun may yet be agreed on. */
const MEANINGS: Readonly<Record<number, readonly [kind: EngineErrorKind, words: string]>> = {
  [-4]: ['unknown', 'lost its leader while it carried it out'],
  [-6]: ['final', 'does not know the request: ZooKeeper 3.5.3 or newer is needed'],
  [-7]: ['unknown', 'did not carry it out in time'],
  [CODE.noNode]: ['passing', 'does not have what was named'],
  [CODE.noAuth]: [
    'final',
    'does not allow this user to do it: the user needs all rights on the root of the URL (docs/zookeeper.md)',
  ],
  [CODE.badVersion]: ['passing', 'has it in another version by now'],
  [CODE.nodeExists]: ['passing', 'has it already'],
  [CODE.notEmpty]: ['passing', 'has nodes below it'],
  [CODE.sessionExpired]: ['passing', 'has ended the session'],
  [-114]: ['final', 'does not know the rights that were asked for: a user was named, and it has no digest scheme'],
  [CODE.authFailed]: ['final', 'refused the user'],
  [CODE.sessionMoved]: ['passing', 'has moved the session to another server'],
  [-119]: ['final', 'may only read: it is cut off from the others'],
  [-124]: ['final', 'does not allow it without a user'],
  [-125]: ['away', 'has no room left for it: raise the quota of the root'],
  [-127]: ['passing', 'has too many requests'],
}

/** An error of ours passes as it is. */
export function zookeeperError(error: unknown, what: string): unknown {
  if (error instanceof SessionOver) {
    if (error.reason === 'expired') return new NotApplied(`${what}: ${driversWords(error)}`, { cause: error })
    const isFinal = error.reason === 'refused'
    return new StoreUnavailable(`${what}: ZooKeeper: ${driversWords(error)}`, { cause: error, isFinal })
  }
  const isUnsent = error instanceof RequestUnsent
  const shown = isUnsent || error instanceof AnswerMissing ? reasonOf(error) : error
  return engineError(shown, { what, engine: ENGINE, isUnsent, meaningOf })
}

function meaningOf(error: unknown): EngineMeaning | undefined {
  if (!(error instanceof ServerRefusal)) return undefined
  const [kind, words] = MEANINGS[error.code] ?? (['unknown', 'answered with an error'] as const)
  return { kind, words, code: `code ${error.code}` }
}

/** With the code of Node for which no connection came about; ours is told as it is. */
function reasonOf(error: Error): Error {
  let cause: unknown = error
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Error; depth += 1) {
    if (error instanceof RequestUnsent && cause instanceof HoldfastError) return cause
    const code = codeOf(cause)
    if (code !== undefined) return Object.assign(new Error(error.message), { code })
    cause = cause.cause
  }
  return error
}
