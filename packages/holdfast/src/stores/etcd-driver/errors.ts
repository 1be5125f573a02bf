/** The codes of gRPC as etcd uses them, and what each means for a lock. */
import { NOT_REACHED } from '../../store/connection-codes.ts'
import { driversWords } from '../../store/drivers-words.ts'
import { HoldfastError, NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { ConnectionFailure, GRPC, GrpcFailure } from './failures.ts'

type EtcdErrorKind = 'passing' | 'away' | 'final' | 'unknown'

/**
 * `unavailable` is unknown: `request timed out` has that code, and the request may have been agreed on. What a server
 * without a leader answers has it, too, and codes are all that is judged by.
 */
const MEANINGS: Readonly<Record<number, readonly [kind: EtcdErrorKind, words: string]>> = {
  [GRPC.unavailable]: ['unknown', 'has no leader, or lost it, or is too slow: it may have been carried out'],
  [GRPC.resourceExhausted]: [
    'passing',
    'has too many requests, or no room left (alarm NOSPACE): compact and defragment it, or raise its quota',
  ],
  [GRPC.unauthenticated]: ['away', 'does not know the token of this connection any more'],
  [GRPC.permissionDenied]: [
    'final',
    'does not allow this user to do it: its role needs readwrite on the prefix (docs/etcd.md)',
  ],
  [GRPC.invalidArgument]: ['final', 'refused the request, or the user name and password'],
  [GRPC.failedPrecondition]: ['final', 'refused it as it is set up: a user was named, and authentication is off'],
  [GRPC.unimplemented]: ['final', 'does not know the request: etcd 3.4 or newer is needed'],
  [GRPC.notFound]: ['passing', 'does not have what was named'],
  [GRPC.alreadyExists]: ['passing', 'has it already'],
  [GRPC.outOfRange]: ['passing', 'has compacted what was asked for'],
}

/** An error of ours passes as it is. */
export function etcdError(error: unknown, what: string): unknown {
  if (error instanceof HoldfastError) return error
  const cause = new Error(driversWords(error))
  const said = `. It said: ${driversWords(error)}`
  if (error instanceof GrpcFailure) {
    const [kind, words] = MEANINGS[error.code] ?? (['unknown', 'answered with an error'] as const)
    const message = `${what}: etcd ${words} (gRPC ${error.code})${said}`
    if (kind === 'passing') return new NotApplied(message, { cause })
    if (kind === 'unknown') return new OutcomeUnknown(message, { cause })
    return new StoreUnavailable(message, { cause, isFinal: kind === 'final' })
  }
  if (!(error instanceof ConnectionFailure) || !error.isUnsent) {
    return new OutcomeUnknown(`${what}: the connection to etcd ended before the answer came${said}`, { cause })
  }
  const code = codeOf(error.cause)
  const isAway = code !== undefined && NOT_REACHED.has(code)
  const words = isAway
    ? `etcd cannot be reached (${code}). Check the addresses, and whether it runs`
    : 'no connection to etcd came about'
  const isFinal = code !== undefined && CERTIFICATE_CODE.test(code)
  return new StoreUnavailable(`${what}: ${words}${said}`, { cause, isFinal })
}

/** What is wrong with a certificate stays wrong. */
const CERTIFICATE_CODE = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_)/

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
