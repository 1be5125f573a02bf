/** The two ways in which a call fails before there is an answer of etcd: a status of gRPC, or a connection that ended. */

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
export function wordsIn(message: string | string[] | undefined): string {
  const text = String(message ?? 'no words')
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
