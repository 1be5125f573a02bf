/** What a session of ZooKeeper is opened with. */
import type { SecureContextOptions } from 'node:tls'
import type { SessionGrant, ZookeeperServer } from './connection.ts'

export interface SessionOptions {
  readonly servers: readonly ZookeeperServer[]
  /** How long the servers keep it when they hear nothing. They grant what their configuration allows. */
  readonly timeoutMs: number
  /** A connection that answers nothing for this long is left, and a request waits as long for one. */
  readonly silenceMs: number
  /** A user and a password: what is made belongs to this user alone. */
  readonly user?: string | undefined
  /** The certificates, asked for at every connection. */
  readonly tls?: (() => Promise<SecureContextOptions>) | undefined
  /** Told of every connection, which may be one to another server than before. */
  readonly onConnect?: () => void
  /** Told why a connection ended that another one is made for. */
  readonly onTrouble?: (cause: Error) => void
  /** Goes on with a session that exists. */
  readonly resumed?: SessionGrant
}
