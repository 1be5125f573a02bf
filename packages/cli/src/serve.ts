/** `holdfast serve`: lends locks over HTTP until a signal ends it. The server is a package of its own, found by name. */
import { durationMs, type Locks, type Store } from 'holdfast'
import { type Context, type GlobalOptions, openLocks } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import type { Printer } from './printer.ts'
import { SignalDesk, signalExitCode } from './signals.ts'

export interface ServeCommandOptions extends GlobalOptions {
  readonly listen: string
  readonly host?: readonly string[]
  readonly tokens?: string
  readonly behindTlsProxy?: boolean
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly audit?: string
  readonly drain: string
  /** False with `--no-dashboard`. */
  readonly dashboard?: boolean
}

interface LockServer {
  readonly url: string
  readonly pageUrl: string | undefined
  reload(): void
  close(drainMs: number): Promise<number>
}

/** What the package of the server offers. */
interface ServerPackage {
  lockServer(options: {
    readonly locks: Locks
    readonly store?: Store
    readonly namespace: string
    readonly listen: string
    readonly hosts?: readonly string[]
    readonly tokensFile?: string
    readonly isBehindTlsProxy?: boolean
    readonly tls?: { readonly certFile: string; readonly keyFile: string }
    readonly auditFile?: string
    readonly onAuditTrouble?: (error: Error) => void
    readonly dashboard?: boolean
  }): Promise<LockServer>
}

/** Not a literal in the import: the server is built after the command. */
const SERVER = '@holdfast/server'
const DRAIN_MS_MAX = 3_600_000

export async function serveCommand(context: Context, options: ServeCommandOptions): Promise<number> {
  const { printer } = context
  const drainMs = durationMs('drain', options.drain, { minMs: 0, maxMs: DRAIN_MS_MAX })
  const files = filesOf(options, printer)
  const { lockServer } = await load()
  const desk = new SignalDesk(files.some ? ['SIGHUP'] : [])
  const { locks, namespace, store: found } = await openLocks(context, options)
  let believers = 0
  try {
    const { listen, host: hosts = [], behindTlsProxy: isBehindTlsProxy = false, dashboard = true } = options
    const store = await found.store.open()
    const settings = { locks, store, namespace, listen, hosts, isBehindTlsProxy, dashboard }
    const server = await lockServer({ ...settings, ...files.options })
    const { url, pageUrl } = server
    if (files.some) process.on('SIGHUP', () => reload(server, printer))
    printer.line(options.json === true ? JSON.stringify({ url, page: pageUrl ?? null }) : `listening on ${url}`)
    if (options.json !== true && pageUrl !== undefined) printer.line(`the page for people: ${pageUrl}`)
    const { signal } = desk.interrupted
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
    believers = await server.close(drainMs)
  } finally {
    desk.close()
    // A program that may still believe keeps its lock until its ttl is over: giving it back now would let another one in.
    if (believers === 0) await locks.close()
  }
  if (believers > 0) {
    const words = `${believers} locks were not given back in time; they are free when their ttl is over`
    printer.tell(words, { event: 'undrained', locks: believers })
  }
  return signalExitCode(desk.interruptedBy ?? 'SIGTERM')
}

/** What the server reads and writes beside its store. */
function filesOf({ tokens, tlsCert, tlsKey, audit }: ServeCommandOptions, printer: Printer) {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new Failure(exitCodes.usage, '--tls-cert and --tls-key go together: the certificate and its key, in PEM')
  }
  const onAuditTrouble = ({ message }: Error): void =>
    printer.tell(`the audit file cannot be written, so nothing is evicted: ${message}`, { event: 'audit' })
  const options = {
    ...(tokens === undefined ? {} : { tokensFile: tokens }),
    ...(tlsCert === undefined || tlsKey === undefined ? {} : { tls: { certFile: tlsCert, keyFile: tlsKey } }),
    ...(audit === undefined ? {} : { auditFile: audit, onAuditTrouble }),
  }
  return { options, some: Object.keys(options).length > 0 }
}

/** What cannot be read stays as it was, and the server goes on. */
function reload(server: LockServer, printer: Printer): void {
  try {
    server.reload()
    printer.tell('its files were read again', { event: 'reloaded' })
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    printer.tell(`its files were not read again: ${words}`, { event: 'not_reloaded' })
  }
}

async function load(): Promise<ServerPackage> {
  try {
    import.meta.resolve(SERVER)
  } catch {
    throw new Failure(exitCodes.usage, 'the server is not published yet: it comes with the repository of Holdfast')
  }
  return (await import(SERVER)) as ServerPackage
}
