/** The guard for HTTP: handlers that run under the mark of the lock that their request speaks for. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExpectedLock } from '../../lease/sequencer.ts'
import { fastifyHandler, type FastifyReplyLike, type FastifyRequestLike } from './fastify.ts'
import { type HonoContextLike, honoHandler } from './hono.ts'
import type { HeldRequest, HttpMarks } from './marks.ts'
import { type NodeHandler, nodeHandler, type NodeRequestLike, type NodeResponseLike } from './node.ts'

/**
 * Makes handlers that run only for a request whose header `Fencing-Token` is of the lock that `lockOf` names, and no older than the
 * newest token that was seen; the check holds until the handler is over, and its answer goes out after the commit. A stale
 * token is answered with 412, a missing one with 428, one of another lock with 400, a resource that stays busy with 503, each with
 * a problem body. Errors of the handler and of the database go to the framework.
 *
 * Reads go through it as well: a client **enters** by the request that it reads with.
 */
export interface HttpGuard<Tx> {
  /**
   * For `node:http`, Express and Connect. The work is over when the promise of `handle` is settled; what the response ends with is
   * kept back until then. Errors go to the third argument, which in Express is `next`.
   *
   * @example
   * ```ts
   * app.put('/seats/:seat', guard.node(lockOf, async (request, response, { tx }) => { response.json(await sell(tx, request)) }))
   * createServer((request, response) => handler(request, response, (error) => fail(response, error)))
   * ```
   */
  node<Request extends NodeRequestLike = IncomingMessage, Response extends NodeResponseLike = ServerResponse>(
    lockOf: (request: Request) => ExpectedLock,
    handle: (request: Request, response: Response, held: HeldRequest<Tx>) => Promise<void> | void,
  ): NodeHandler<Request, Response>
  /**
   * For Fastify. `handle` returns the payload; one that has called `reply.send()` before its work was committed is undone and
   * ends with `Misuse`.
   *
   * @example
   * ```ts
   * app.put('/seats/:seat', guard.fastify(lockOf, async (request, reply, { tx }) => await sell(tx, request)))
   * ```
   */
  fastify<Request extends FastifyRequestLike, Reply extends FastifyReplyLike>(
    lockOf: (request: Request) => ExpectedLock,
    handle: (request: Request, reply: Reply, held: HeldRequest<Tx>) => Promise<unknown>,
  ): (request: Request, reply: Reply) => Promise<unknown>
  /**
   * For Hono.
   *
   * @example
   * ```ts
   * app.put('/seats/:seat', guard.hono(lockOf, async (context, { tx }) => context.json(await sell(tx, context))))
   * ```
   */
  hono<Context extends HonoContextLike>(
    lockOf: (context: Context) => ExpectedLock,
    handle: (context: Context, held: HeldRequest<Tx>) => Promise<Response> | Response,
  ): (context: Context) => Promise<Response>
}

/**
 * A guard over marks: `processMarks()` in one process, `fence(pool)` of PostgreSQL or MySQL in several, `throughGuard(fence(client))`
 * where the data is in Redis or SQLite.
 *
 * @example
 * ```ts
 * const guard = httpGuard(fence(pool))
 * const lockOf = ({ params }: Request) => ({ namespace: 'shop', name: `seat:${params.seat}`, mode: 'exclusive' }) as const
 * ```
 */
export function httpGuard<Tx>(marks: HttpMarks<Tx>): HttpGuard<Tx> {
  return {
    node: (lockOf, handle) => nodeHandler(marks, { lockOf, handle }),
    fastify: (lockOf, handle) => fastifyHandler(marks, { lockOf, handle }),
    hono: (lockOf, handle) => honoHandler(marks, { lockOf, handle }),
  }
}
