/**
 * A TCP proxy in plain Node that does to a connection what networks do: delays, resets, silence, and above all the
 * answer that never comes although the request was carried out. One runs in front of one server.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { releasePort, reservePort } from '../engines/ports.ts'
import { type Counters, Link } from './link.ts'
import type { Tally } from './lane.ts'
import type { ProxyMode } from './mode.ts'

const LOOPBACK = '127.0.0.1'
const CONNECTIONS_MAX = 10_000

export interface ProxyStats {
  /** Ever accepted, and still open. */
  readonly accepted: number
  readonly open: number
  readonly requests: Readonly<Tally>
  readonly replies: Readonly<Tally>
}

export interface Proxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly mode: ProxyMode
  /** Whether a fault was felt at all: a test that loses nothing proves nothing. */
  readonly stats: ProxyStats
  /**
   * From now on, for open and new connections. A connection that lost bytes is reset when its loss ends, because
   * what follows would be out of step.
   */
  set(mode: ProxyMode): void
  /** Resets the open connections once; new ones fare as the mode says. */
  resetConnections(): void
  /**
   * From now on bytes of the open connections vanish, as behind a router that forgot them: neither side is told. New ones
   * fare as the mode says.
   */
  forgetConnections(): void
  /** Open connections are reset, and new ones lead to this server: an address that moves. */
  retarget(target: ProxyTarget): void
  /** The target's URL with the proxy's address in it. */
  through(url: string): string
  close(): Promise<void>
}

export interface ProxyTarget {
  readonly host?: string
  readonly port: number
}

/**
 * The target need not be up yet. A connection to a target that refuses is reset. `at`: an address of this machine, with a
 * port that the caller reserved. @default a free port of 127.0.0.1
 */
export async function openProxy(
  target: ProxyTarget,
  mode: ProxyMode = { kind: 'pass' },
  at?: Required<ProxyTarget>,
): Promise<Proxy> {
  const proxy = new TcpProxy(at ?? { host: LOOPBACK, port: await reservePort() }, target, mode)
  await proxy.listen()
  return proxy
}

class TcpProxy implements Proxy {
  readonly host: string
  readonly port: number
  readonly #server: Server
  readonly #links = new Set<Link>()
  readonly #forgotten = new Set<Link>()
  readonly #counters: Counters = {
    requests: { passedBytes: 0, lostBytes: 0, waitingBytes: 0 },
    replies: { passedBytes: 0, lostBytes: 0, waitingBytes: 0 },
  }
  #target: ProxyTarget
  #mode: ProxyMode
  #accepted = 0

  constructor({ host, port }: Required<ProxyTarget>, target: ProxyTarget, mode: ProxyMode) {
    this.host = host
    this.port = port
    this.#target = target
    this.#mode = mode
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      this.#accepted += 1
      client.on('error', () => {})
      if (this.#mode.kind === 'cut') {
        client.resetAndDestroy()
        return
      }
      const { host: address = LOOPBACK, port: targetPort } = this.#target
      const link = new Link(client, { address, port: targetPort }, this.#mode, this.#counters)
      this.#links.add(link)
      void link.ended.then(() => {
        this.#links.delete(link)
        this.#forgotten.delete(link)
      })
    })
    this.#server.maxConnections = CONNECTIONS_MAX
  }

  get mode(): ProxyMode {
    return this.#mode
  }

  get stats(): ProxyStats {
    const { requests, replies } = this.#counters
    return {
      accepted: this.#accepted,
      open: this.#links.size + this.#forgotten.size,
      requests: { ...requests },
      replies: { ...replies },
    }
  }

  async listen(): Promise<void> {
    this.#server.listen({ port: this.port, host: this.host })
    await once(this.#server, 'listening')
  }

  set(mode: ProxyMode): void {
    this.#mode = mode
    for (const link of this.#links) link.apply(mode)
  }

  retarget(target: ProxyTarget): void {
    this.#target = target
    this.resetConnections()
  }

  resetConnections(): void {
    for (const link of [...this.#links, ...this.#forgotten]) link.reset()
  }

  forgetConnections(): void {
    for (const link of this.#links) {
      link.apply({ kind: 'black-hole' })
      this.#forgotten.add(link)
    }
    this.#links.clear()
  }

  through(url: string): string {
    const changed = new URL(url)
    changed.hostname = this.host
    changed.port = String(this.port)
    return changed.href
  }

  async close(): Promise<void> {
    this.resetConnections()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
    releasePort(this.port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
