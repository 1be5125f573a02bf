/** The names of errors of DynamoDB and of the AWS SDK, and what each means for a lock. */
import { type EngineErrorKind, type EngineMeaning, engineError } from '../../store/engine-errors.ts'

const THROTTLED = 'throttled the request'
const CREDENTIALS = 'does not know these credentials. Look at the environment, the profile, and the region they are of'
const SIGNATURE =
  'refused the signature: the secret key is wrong, or the clock of this machine is off by more than five minutes'
const FAILED_INSIDE = 'failed inside, before the change or after it'

const MEANINGS: Readonly<Record<string, readonly [kind: EngineErrorKind, words: string]>> = {
  ProvisionedThroughputExceededException: [
    'passing',
    `${THROTTLED}: the table has used up its capacity. Bill it on demand, or provision more`,
  ],
  ThrottlingException: ['passing', `${THROTTLED}: one line, or the whole table, is asked for more than it may be`],
  ThrottledException: ['passing', THROTTLED],
  RequestLimitExceeded: ['passing', `${THROTTLED}: this account has reached its limit in this region`],
  TransactionConflictException: ['passing', 'met a transaction on the same item'],
  ReplicatedWriteConflictException: ['passing', 'met a write of another region on the same item'],
  ResourceInUseException: ['away', 'is still making or changing the table'],
  InternalServerError: ['unknown', FAILED_INSIDE],
  InternalFailure: ['unknown', FAILED_INSIDE],
  ServiceUnavailable: ['unknown', FAILED_INSIDE],
  ServiceUnavailableException: ['unknown', FAILED_INSIDE],
  TimeoutError: ['unknown', 'did not answer in time'],
  RequestTimeout: ['unknown', 'did not answer in time'],
  RequestTimeoutException: ['unknown', 'did not answer in time'],
  ResourceNotFoundException: [
    'final',
    'does not have the table in this region. Make it with the commands of dynamodbSchema() (docs/dynamodb.md)',
  ],
  ValidationException: ['final', 'refused the request: is the table made as dynamodbSchema() says? (docs/dynamodb.md)'],
  AccessDeniedException: ['final', 'does not allow these credentials to do it: the policy stands in docs/dynamodb.md'],
  ExpiredTokenException: [
    'final',
    'refused credentials that have expired: log in again, or give the client a provider that renews them',
  ],
  ExpiredToken: [
    'final',
    'refused credentials that have expired: log in again, or give the client a provider that renews them',
  ],
  UnrecognizedClientException: ['final', CREDENTIALS],
  InvalidClientTokenId: ['final', CREDENTIALS],
  MissingAuthenticationTokenException: ['final', CREDENTIALS],
  IncompleteSignatureException: ['final', CREDENTIALS],
  InvalidSignatureException: ['final', SIGNATURE],
  SignatureDoesNotMatch: ['final', SIGNATURE],
  RequestExpired: ['final', SIGNATURE],
  CredentialsProviderError: [
    'final',
    'is asked without credentials: there are none in the environment or in a profile',
  ],
  TokenProviderError: [
    'final',
    'is asked without credentials: the session of the single sign-on is over. Log in again',
  ],
}

interface AwsError extends Error {
  readonly $fault?: 'client' | 'server'
  readonly $metadata?: { readonly attempts?: number; readonly clockSkewCorrected?: boolean }
}

function meaningOf(error: unknown): EngineMeaning | undefined {
  if (!(error instanceof Error)) return undefined
  const { name: code, $fault, $metadata = {} }: AwsError = error
  const known = MEANINGS[code]
  if (known === undefined && $fault === undefined) return undefined
  const [kind, words] = known ?? [$fault === 'server' ? 'unknown' : 'away', 'refused the request']
  // The SDK has set its clock by that of the answer, and what it signs from now on is taken.
  if ($metadata.clockSkewCorrected === true) return { kind: 'passing', words, code }
  // A client that was handed in may have sent it more than once, and the last try tells nothing of the first.
  const isOneOfSeveral = ($metadata.attempts ?? 1) > 1
  return { kind: kind === 'passing' && isOneOfSeveral ? 'unknown' : kind, words, code }
}

export function dynamodbError(error: unknown, what: string): unknown {
  return engineError(error, { what, engine: 'DynamoDB', isUnsent: false, meaningOf })
}

/** What a write is refused with whose condition does not hold; it carries the item where that was asked for. */
export function isConditionFailed(error: unknown): error is Error & { readonly Item?: unknown } {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException'
}

export function isDenied(error: unknown): boolean {
  return error instanceof Error && error.name === 'AccessDeniedException'
}
