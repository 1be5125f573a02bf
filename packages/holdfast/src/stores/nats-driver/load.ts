/** The client of NATS, loaded where it is needed, and a connection of our own to what a URL names. */
import { readFile } from 'node:fs/promises'
import { StoreUnavailable } from '../../store/errors.ts'
import type { NatsAddress } from './address.ts'
import type { NatsClient, NatsModule } from './client.ts'
import { natsError } from './errors.ts'

const CONNECT_MS_MAX = 3_000
const RECONNECT_MS = 250
/** A connection that answers nothing is given up after two of them. */
const PING_MS = 3_000
const PINGS_UNANSWERED_MAX = 2

export async function loadNats(): Promise<NatsModule> {
  const module: unknown = await import('@nats-io/transport-node').catch((cause: unknown) => {
    throw new StoreUnavailable(
      'locks in NATS need the package @nats-io/transport-node: npm install @nats-io/transport-node',
      { cause, isFinal: true },
    )
  })
  return module as NatsModule
}

export async function ownConnection(module: NatsModule, address: NatsAddress): Promise<NatsClient> {
  const { servers, isTls, user, password, token, files } = address
  const creds = files.creds === undefined ? undefined : await credsIn(files.creds)
  try {
    return await module.connect({
      servers: [...servers],
      name: 'holdfast',
      timeout: CONNECT_MS_MAX,
      pingInterval: PING_MS,
      maxPingOut: PINGS_UNANSWERED_MAX,
      reconnectTimeWait: RECONNECT_MS,
      maxReconnectAttempts: -1,
      // A server that is set up anew refuses for a while.
      ignoreAuthErrorAbort: true,
      ...(user !== undefined && { user, pass: password }),
      ...(token !== undefined && { token }),
      ...(creds !== undefined && { authenticator: module.credsAuthenticator(creds) }),
      ...(isTls && { tls: { caFile: files.ca, certFile: files.cert, keyFile: files.key } }),
    })
  } catch (error) {
    throw natsError(error, 'opening', true)
  }
}

async function credsIn(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new StoreUnavailable('opening: the file of credentials that the URL names cannot be read', {
      cause,
      isFinal: true,
    })
  }
}
