/** What the server itself refuses, beside the errors of the library. */
export type RefusalCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'WRONG_HOST'
  | 'WRONG_INSTANCE'
  | 'LIMITED'
  | 'TOO_LARGE'
  | 'NOT_FOUND'
  | 'NOT_JSON'
  | 'DRAINING'
  | 'AUDIT_FAILED'

const statusOf: Readonly<Record<RefusalCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TOO_LARGE: 413,
  NOT_JSON: 415,
  WRONG_HOST: 421,
  WRONG_INSTANCE: 421,
  LIMITED: 429,
  DRAINING: 503,
  AUDIT_FAILED: 503,
}

export class Refusal extends Error {
  readonly code: RefusalCode
  readonly status: number

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.status = statusOf[code]
  }
}
