/** The part of the client of NATS that is used: requests, and one subject to hear on. Typed here, because a program may be without it. */

/** A `NatsConnection` of `@nats-io/transport-node` or of another transport of version 3. */
export interface NatsClient {
  readonly info?: { readonly version?: string; readonly jetstream?: boolean; readonly cluster?: string }
  request(
    subject: string,
    payload: string,
    options: { readonly timeout: number; readonly headers?: never },
  ): Promise<NatsMessage>
  publish(subject: string, payload: string): void
  subscribe(
    subject: string,
    options: { readonly callback: (error: Error | null, message: NatsMessage) => void },
  ): { unsubscribe(): void }
  flush(): Promise<void>
  close(): Promise<void>
  isClosed(): boolean
  status(): AsyncIterable<NatsStatus>
}

export interface NatsMessage {
  string(): string
}

export interface NatsStatus {
  readonly type: string
}

export interface NatsModule {
  connect(options: object): Promise<NatsClient>
  headers(): { set(name: string, value: string): void }
  credsAuthenticator(creds: Uint8Array): unknown
}

export function isNatsClient(value: unknown): value is NatsClient {
  return (
    typeof value === 'object' &&
    value !== null &&
    'request' in value &&
    typeof value.request === 'function' &&
    'status' in value &&
    typeof value.status === 'function'
  )
}
