/** The two ways in which a call fails before there is an answer of etcd: a status of gRPC, or a connection that ended. */
import type { IncomingHttpHeaders } from 'node:http2'

const HTTP_OK = 200

export class GrpcFailure extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'GrpcFailure'
    this.code = code
  }
}

export class ConnectionFailure extends Error {
  /** There was no connection: nothing was sent. */
  readonly isUnsent: boolean

  constructor(message: string, { isUnsent, cause }: { readonly isUnsent: boolean; readonly cause?: unknown }) {
    super(message, { cause })
    this.name = 'ConnectionFailure'
    this.isUnsent = isUnsent
  }
}

export const GRPC = {
  ok: 0,
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** As the header `grpc-message` has them. */
function wordsIn(message: string | string[] | undefined): string {
  const text = String(message ?? 'no words')
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What the headers, or the trailers, say of the outcome. */
export function failureIn(headers: IncomingHttpHeaders): GrpcFailure | undefined | 'none yet' {
  const status = headers['grpc-status']
  if (status !== undefined) {
    return Number(status) === GRPC.ok ? undefined : new GrpcFailure(Number(status), wordsIn(headers['grpc-message']))
  }
  const http = Number(headers[':status'] ?? HTTP_OK)
  if (http === HTTP_OK) return 'none yet'
  return new GrpcFailure(GRPC.unknown, `it answered with the HTTP status ${http}: is it an etcd?`)
}
