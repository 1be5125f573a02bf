/** What the store asks of a driver of PostgreSQL: connections to ask over, one that keeps leases, and one that listens. */
import type { ConnectionSource } from '../sql/driver.ts'

export interface PostgresDriver {
  readonly asks: ConnectionSource
  /** One connection, for renewals and leaves. */
  readonly keeps: ConnectionSource
  /** From now on statements with a name are kept prepared: each connection is known to have a process of the server for itself. @default never */
  prepare?(): void
  listener(events: ListeningEvents): ListeningConnection
  /** Ends what is ours of it. */
  close(): Promise<void>
}

export interface ListeningEvents {
  onPayload(payload: string): void
  /** The connection is of no use any more. */
  onLost(error?: unknown): void
}

/** A connection that is not made anew. */
export interface ListeningConnection {
  connect(): Promise<unknown>
  query(text: string): Promise<unknown>
  /** Whether the server's process for it is the one that was told when it was made: a pooler invents one. `undefined` where the driver does not tell. */
  hasItsProcess(): Promise<boolean | undefined>
  end(): Promise<unknown>
}
