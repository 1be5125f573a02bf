/** A server that listens, and its end: nothing is lent any more, programs give back or run out, and only then it closes. */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type Locks, Misuse, type Store } from 'holdfast'
import { Audit } from './audit.ts'
import { type HttpSocket, httpSocket, type TlsFiles } from './encryption.ts'
import { Gate } from './gate.ts'
import { Loans } from './loans.ts'
import { routes, type RoutesOptions } from './routes.ts'
import { Seam } from './seam.ts'

export interface LockServerOptions {
  /** The client whose locks are lent. The server does not close it. */
  readonly locks: Locks
  /**
   * A store over the same engine, made for this server, which opens and closes it: programs with a client of their own
   * (`holdfast/http`) use it through the server. @default none: only locks of the server are lent
   */
  readonly store?: Store
  /** The namespace of that client. */
  readonly namespace: string
  /** `host:port`; port 0 is any free one. Anything but this machine needs `tokensFile`, and `tls` or `isBehindTlsProxy`. */
  readonly listen: string
  /** Names, with their port, that requests may call the server by, beside its own address. @default none */
  readonly hosts?: readonly string[]
  /** A file of mode 600 with a line `SHA256 scopes [prefix [name]]` for each token; the prefix `*` is none. @default none: this machine may read and lock */
  readonly tokensFile?: string
  /** The server encrypts itself. @default none */
  readonly tls?: TlsFiles
  /** Who took and evicted what, one line of JSON each, added to this file. @default none */
  readonly auditFile?: string
  /** A line of the audit could not be written, told at most once a minute. @default nothing */
  readonly onAuditTrouble?: (error: Error) => void
  /** Something in front encrypts, so that tokens cannot be read on their way. @default false */
  readonly isBehindTlsProxy?: boolean
  /** Shows a page for people, from which its reader may evict. On this machine `pageUrl` opens it. @default false */
  readonly dashboard?: boolean
  /** A reader of events that takes nothing for so long is let go, in ms. It comes back and hears the newest. @default 30000 */
  readonly readerSilenceMs?: number
}

export interface LockServer {
  /** Where it listens. */
  readonly url: string
  /**
   * The link to the page for people, with a secret of this run: a reader that has it may evict. Beyond this machine it has none, and
   * the page asks for a token. Undefined without `dashboard`.
   */
  readonly pageUrl: string | undefined
  /** Takes the tokens and the certificate as their files are now, and opens the audit file anew. Throws the first that cannot be. */
  reload(): void
  /**
   * Lends nothing more, waits at most `drainMs` for programs to give back or to run out, and closes. Returns how many may
   * still believe that they hold: while it is not 0, the client must not be closed, because that gives their locks to others.
   */
  close(drainMs: number): Promise<number>
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']
const KEY_BYTES = 32
const INSTANCE_LENGTH = 8
const LAST_ANSWERS_MS = 2_000
const READER_SILENCE_MS = 30_000

/** Throws `Misuse` for an address that is not safe to listen on. What cannot begin leaves nothing open. */
export async function lockServer(options: LockServerOptions): Promise<LockServer> {
  const { locks } = options
  const place = placeOf(options)
  const { unsupported } = await locks.open()
  const loans = new Loans(locks, unsupported.lockDelay === undefined)
  const socket = httpSocket(options.tls)
  const audit = new Audit({ path: options.auditFile, onTrouble: options.onAuditTrouble })
  const instance = crypto.randomUUID().slice(0, INSTANCE_LENGTH)
  let seam: Seam | undefined
  const end = async (): Promise<void> => {
    await ended(socket.server)
    await seam?.close()
    audit.close()
  }
  try {
    seam = options.store === undefined ? undefined : await Seam.open(options.store, instance)
    await listening(socket.server, place)
    const server = answering(options, place, { loans, socket, audit, instance, seam })
    const close = async (drainMs: number): Promise<number> => {
      const left = await loans.drain(drainMs)
      await end()
      return left
    }
    return { ...server, close }
  } catch (error) {
    await end()
    throw error
  }
}

interface Place {
  readonly host: string
  readonly port: number
}

function placeOf({ listen, tokensFile, tls, isBehindTlsProxy = false }: LockServerOptions): Place {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(listen) ?? []
  if (host === '') throw new Misuse('listen must be host:port, such as 127.0.0.1:4653')
  if (!LOOPBACK.includes(host) && (tokensFile === undefined || (tls === undefined && !isBehindTlsProxy))) {
    throw new Misuse(
      'beyond this machine a server needs tokens and encryption: --tokens FILE, and --tls-cert and --tls-key, or --behind-tls-proxy when one is in front',
    )
  }
  return { host, port: Number(port) }
}

/** What is open before the first request is answered. */
interface Parts extends Pick<RoutesOptions, 'loans' | 'audit' | 'instance' | 'seam'> {
  readonly socket: HttpSocket
}

function answering(
  options: LockServerOptions,
  { host }: Place,
  { socket, ...parts }: Parts,
): Omit<LockServer, 'close'> {
  const { locks, namespace, hosts = [], tokensFile, dashboard = false } = options
  const { server, protocol } = socket
  const { port } = server.address() as AddressInfo
  const isLocal = LOOPBACK.includes(host)
  const own = isLocal ? LOOPBACK : [host]
  const url = `${protocol}://${host}:${port}`
  const pageKey = dashboard ? randomBytes(KEY_BYTES).toString('base64url') : undefined
  const gate = new Gate({ hosts: [...own.map((each) => `${each}:${port}`), ...hosts], tokensFile, pageKey })
  const { readerSilenceMs = READER_SILENCE_MS } = options
  const answer = getRequestListener(routes({ locks, namespace, gate, dashboard, readerSilenceMs, ...parts }).fetch)
  server.on('request', (incoming, outgoing) => void answer(incoming, outgoing))
  return {
    url,
    pageUrl: pageKey === undefined ? undefined : isLocal ? `${url}/#k=${pageKey}` : `${url}/`,
    reload() {
      gate.reread()
      socket.reread()
      parts.audit.reopen()
    },
  }
}

/** Answers that are under way are finished, and one that is not read does not hold up the end. */
function ended(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function listening(server: Server, { host, port }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host.replaceAll(/[[\]]/g, ''), () => {
      server.off('error', reject)
      resolve()
    })
  })
}
