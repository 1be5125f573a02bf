/** The plugin: one client for the application, opened before it listens and closed after its last request. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { holdfast, type HoldfastOptions, httpAnswer, type Lease, type Locks, Misuse, type Store } from 'holdfast'
import { RouteLocks, type RouteLock } from './route-lock.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The client of this application. */
    locks: Locks
  }
  interface FastifyRequest {
    /** The lease of the lock of the route, while its handler runs. */
    lease: Lease | null
    /** Aborts when the lease is lost or the client went away; null where the route has no lock. */
    workSignal: AbortSignal | null
  }
  interface FastifyContextConfig {
    /** The lock that the handler of this route runs under. */
    lock?: RouteLock
  }
}

export interface FastifyLocksOptions extends HoldfastOptions {
  /** Where the locks are. */
  readonly store: Store
  /**
   * Errors of the library are answered with 409, 423 or 503 and a problem body. Every other error goes on to the error handler that
   * the application had before. @default true
   */
  readonly errors?: boolean
}

/** Less than the 10 s that Fastify gives a plugin: the reason in the error is that of the store, and not a time limit. */
const OPEN_WAIT = '8s'

async function register(
  app: FastifyInstance,
  { store, errors = true, ...options }: FastifyLocksOptions,
): Promise<void> {
  const locks = holdfast(store, { openWait: OPEN_WAIT, ...options })
  const routes = new RouteLocks(locks, options.wait)
  app.decorate('locks', locks)
  app.decorateRequest('lease', null)
  app.decorateRequest('workSignal', null)
  app.addHook('onRoute', (route) => routes.apply(route))
  // A route that was added before this plugin was loaded would run without its lock, unnoticed.
  app.addHook('preHandler', async ({ routeOptions: { config } }) => {
    if (config.lock !== undefined && !routes.isApplied(config.lock)) {
      throw new Misuse(`the route ${config.url} was added before its lock: await app.register(fastifyLocks, …) first`)
    }
  })
  if (errors) answerErrors(app)
  app.addHook('onReady', async () => {
    await locks.open()
  })
  // Fastify runs this when the last request has been answered.
  app.addHook('onClose', async () => {
    await locks.close()
  })
}

function answerErrors(app: FastifyInstance): void {
  const before = app.errorHandler
  app.setErrorHandler(function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
    const answer = httpAnswer(error)
    if (answer === undefined) return before.call(this, error, request, reply)
    request.log.info({ err: error }, 'a lock failed the request')
    return reply.code(answer.status).headers(answer.headers).send(answer.body)
  })
}

/**
 * Gives an application its locks: `app.locks`, a lock around each route whose `config` has one, and answers that clients understand.
 * Registered with `await`, before the routes. Throws `StoreUnavailable` from `app.ready()` when the store cannot be opened.
 *
 * @example
 * ```ts
 * await app.register(fastifyLocks, { store: redis('redis://localhost:6379'), namespace: 'shop' })
 * app.post('/seats/:id', { config: { lock: { name: ({ params }) => `seat:${params.id}` } } }, async ({ lease }) => sell(lease))
 * ```
 */
export const fastifyLocks: typeof register = fastifyPlugin(register, { name: '@holdfast/fastify', fastify: '5.x' })
