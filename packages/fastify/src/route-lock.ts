/** A lock around the handler of a route: taken before it, given back when the handler is over and not when the reply is. */
import { finished } from 'node:stream'
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import type { AcquireOptions, Duration, Lease, Locks } from 'holdfast'

/** Parameters of a path are text, unless a schema says otherwise. */
export type NamedRequest = FastifyRequest & { readonly params: Readonly<Record<string, string>> }

export interface RouteLock extends Omit<AcquireOptions, 'signal'> {
  /** The name of the lock, or how a request names it. */
  readonly name: string | ((request: NamedRequest) => string)
}

/** What the client waits unless it is told: the client of the library waits for a day when a call has a signal, and these have one. */
const WAIT: Duration = '30s'

export class RouteLocks {
  readonly #locks: Locks
  readonly #wait: Duration
  readonly #applied = new WeakSet<RouteLock>()

  constructor(locks: Locks, wait: Duration = WAIT) {
    this.#locks = locks
    this.#wait = wait
  }

  /** Whether a route runs under its lock: its options are those that `lock` made. */
  isApplied(lock: RouteLock): boolean {
    return this.#applied.has(lock)
  }

  /** Puts the lock of a route around its handler. */
  apply(route: RouteOptions): void {
    const { lock } = route.config ?? {}
    // A route for HEAD is made of the one for GET, whose handler has its lock.
    if (lock === undefined || this.isApplied(lock)) return
    const applied = { ...lock }
    this.#applied.add(applied)
    route.handler = this.#locked(route.handler, applied)
    route.config = { ...route.config, lock: applied }
  }

  #locked(handler: RouteHandlerMethod, { name, ...options }: RouteLock): RouteHandlerMethod {
    const [locks, wait] = [this.#locks, this.#wait]
    return async function withLock(request, reply) {
      const client = clientSignal(reply)
      const work = async (lease: Lease): Promise<unknown> => {
        request.lease = lease
        request.workSignal = AbortSignal.any([lease.signal, client])
        return await outcomeOf(handler.call(this, request, reply), reply)
      }
      const settings = { wait, ...options, signal: client }
      try {
        return await locks.using(typeof name === 'string' ? name : name(request as NamedRequest), settings, work)
      } catch (error) {
        return refused(error, request, reply)
      }
    }
  }
}

/** Aborts when the connection ends before the reply does. */
function clientSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  finished(reply.raw, { readable: false }, () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('the client went away'))
  })
  return gone.signal
}

/** A handler may return its payload, or send it later and return nothing: then it is over when the response is. */
async function outcomeOf(returned: unknown, reply: FastifyReply): Promise<unknown> {
  const isAsync = returned !== null && typeof returned === 'object' && 'then' in returned
  const payload: unknown = await returned
  const isHijacked = reply.sent && !reply.raw.writableEnded
  if (payload === undefined && (isHijacked || (!isAsync && !reply.sent))) {
    await new Promise<void>((over) => finished(reply.raw, { readable: false }, () => over()))
  }
  return payload
}

/** An error that still can be answered goes to the error handler; of the others the log is told. */
function refused(error: unknown, request: FastifyRequest, reply: FastifyReply): undefined {
  if (!reply.sent && !reply.raw.destroyed) throw error
  request.log.warn({ err: error }, 'the lock of a route failed when nothing could be answered any more')
  if (!reply.sent) reply.hijack()
  return undefined
}
