/** The ways in which a request fails: the server refused it, it was never sent, no answer came, or its session is over. */

/** Codes that a server answers with (org.apache.zookeeper.KeeperException.Code). */
export const CODE = {
  ok: 0,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  authFailed: -115,
  sessionMoved: -118,
} as const

/** The server looked at it and changed nothing. */
export class ServerRefusal extends Error {
  override readonly name: string = 'ServerRefusal'
  readonly code: number

  constructor(code: number, what: string) {
    super(`ZooKeeper answered ${what} with code ${code}`)
    this.code = code
  }
}

/** Surely nothing happened. */
export class RequestUnsent extends Error {
  override readonly name: string = 'RequestUnsent'
}

/** It may have been carried out, or may yet be. */
export class AnswerMissing extends Error {
  override readonly name: string = 'AnswerMissing'
}

/** Nothing can be asked in it any more, and nothing of it lives on, unless it was left to end by itself. */
export class SessionOver extends Error {
  override readonly name: string = 'SessionOver'
  readonly reason: 'expired' | 'refused' | 'closed'

  constructor(reason: SessionOver['reason'], words: string) {
    super(words)
    this.reason = reason
  }
}
