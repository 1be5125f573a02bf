/** What refusals of a Holdfast server mean, by their codes; whatever has no words of its own may have been said by something on the way. */
import { type EngineErrorKind, type EngineMeaning, engineError } from '../../store/engine-errors.ts'
import { NotApplied } from '../../store/errors.ts'

/** The problem of a Holdfast server (RFC 9457), as far as it is used. */
export interface SeamProblem {
  readonly code: string
  readonly detail: string
  readonly retryable: boolean
}

export class SeamRefusal extends Error {
  readonly problem: SeamProblem
  /** The run of the server that refused. */
  readonly instance: string

  constructor(problem: SeamProblem, instance = '') {
    super(problem.detail)
    this.name = 'SeamRefusal'
    this.problem = problem
    this.instance = instance
  }
}

/** Another run of the server answered than the one that has the claim. */
export class OtherInstance extends NotApplied {}

const TYPE = 'urn:holdfast:error:'

const MEANINGS: Readonly<Record<string, readonly [kind: EngineErrorKind, words: string]>> = {
  NOT_APPLIED: ['passing', 'did nothing'],
  LIMITED: ['passing', 'is asked for more than it takes'],
  DRAINING: ['passing', 'is about to end'],
  WRONG_INSTANCE: ['passing', 'is another one than the one that has the claim'],
  STORE_UNAVAILABLE: ['away', 'cannot use its store'],
  OUTCOME_UNKNOWN: ['unknown', 'had no answer of its store'],
  INTERNAL: ['unknown', 'failed inside, before the change or after it'],
  UNAUTHENTICATED: ['final', 'does not know the token: make one for it, and name its file (docs/http.md)'],
  FORBIDDEN: ['final', 'does not allow it to this token'],
  WRONG_HOST: ['final', 'is called by another name there: start it with --host'],
  NOT_FOUND: ['final', 'has nothing under this address: does it carry the seam (docs/http.md)?'],
}

/** The problem in a body, or `undefined` where the body is of something else. */
export function problemIn(body: unknown): SeamProblem | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { type, code, detail, retryable } = body as Readonly<Record<string, unknown>>
  if (typeof code !== 'string' || typeof detail !== 'string' || type !== `${TYPE}${code}`) return undefined
  return { code, detail, retryable: retryable === true }
}

export function serverError(error: unknown, what: string): unknown {
  const meant = engineError(error, { what, engine: 'the Holdfast server', isUnsent: false, meaningOf })
  const isElsewhere = error instanceof SeamRefusal && error.problem.code === 'WRONG_INSTANCE'
  return isElsewhere && meant instanceof NotApplied ? new OtherInstance(meant.message, { cause: error }) : meant
}

function meaningOf(error: unknown): EngineMeaning | undefined {
  if (!(error instanceof SeamRefusal)) return undefined
  const { code, retryable } = error.problem
  const [kind, words] = MEANINGS[code] ?? ['final', 'refused the request']
  return { kind: kind === 'away' && !retryable ? 'final' : kind, words, code }
}
