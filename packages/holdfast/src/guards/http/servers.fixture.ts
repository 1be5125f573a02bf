/** A register of numbers behind HTTP, on each framework: guarded, or checked before the handler as it must not be. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { fastify, type FastifyRequest } from 'fastify'
import { type Context, Hono } from 'hono'
import type { Fenced } from '../../lease/lease.ts'
import type { ExpectedLock } from '../../lease/sequencer.ts'
import type { HeldRequest, HttpGuard } from './index.ts'

/** What a handler does with one request: it may fail, wait or write. */
export type Handle<Tx> = (url: URL, held: HeldRequest<Tx>) => Promise<unknown>

export interface ServerUnderTest {
  readonly url: string
  close(): Promise<void>
}

export interface FrameworkParts<Tx> {
  readonly guard: HttpGuard<Tx>
  readonly handle: Handle<Tx>
  /** Errors that came to the framework. */
  readonly errors: unknown[]
}

/** Every path is guarded by the lock that its query names. */
export function lockIn(url: URL): ExpectedLock {
  const query = url.searchParams
  const mode = query.get('mode') === 'shared' ? 'shared' : 'exclusive'
  return { namespace: query.get('namespace') ?? 'shop', name: query.get('name') ?? 'stock', mode }
}

export function queryOf({ namespace, name, mode }: Fenced): string {
  return new URLSearchParams({ namespace, name, mode }).toString()
}

const urlOf = (path: string | undefined): URL => new URL(path ?? '/', 'http://localhost')

export const frameworks: Readonly<Record<string, <Tx>(parts: FrameworkParts<Tx>) => Promise<ServerUnderTest>>> = {
  async 'node:http'(parts) {
    const { guard, handle, errors } = parts
    const guarded = guard.node(
      (request: IncomingMessage) => lockIn(urlOf(request.url)),
      async (request, response: ServerResponse, held) => {
        const body = JSON.stringify(await handle(urlOf(request.url), held))
        response.setHeader('content-length', body.length)
        response.end(body)
      },
    )
    return await listening(
      createServer((request, response) =>
        guarded(request, response, (error) => {
          errors.push(error)
          response.statusCode = 500
          response.end('{}')
        }),
      ),
    )
  },

  async express({ guard, handle, errors }) {
    const app = express()
    const guarded = guard.node(
      (request: express.Request) => lockIn(urlOf(request.url)),
      async (request, response: express.Response, held) => {
        response.json(await handle(urlOf(request.url), held))
      },
    )
    app.use(guarded)
    const failed: express.ErrorRequestHandler = (error, _request, response, _next) => {
      errors.push(error)
      response.status(500).json({})
    }
    app.use(failed)
    return await listening(createServer(app))
  },

  async fastify({ guard, handle, errors }) {
    const app = fastify()
    app.setErrorHandler(async (error, _request, reply) => {
      errors.push(error)
      return await reply.code(500).send({})
    })
    app.all(
      '/*',
      guard.fastify(
        (request: FastifyRequest) => lockIn(urlOf(request.url)),
        async (request, _reply, held) => JSON.stringify(await handle(urlOf(request.url), held)),
      ),
    )
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    return { url, close: async () => await app.close() }
  },

  async hono({ guard, handle, errors }) {
    const app = new Hono()
    app.onError((error, context) => {
      errors.push(error)
      return context.json({}, 500)
    })
    app.all(
      '*',
      guard.hono(
        (context: Context) => lockIn(urlOf(context.req.url)),
        async (context, held) => Response.json(await handle(urlOf(context.req.url), held)),
      ),
    )
    return await listening(
      createServer((request, response) => void answer(async (whole) => await app.fetch(whole), request, response)),
    )
  },
}

/** Between `node:http` and a framework of web standards, as far as these tests need it. */
async function answer(
  handle: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)])
  const {
    status,
    headers: answered,
    body,
  } = await handle(new Request(urlOf(request.url), { method: request.method ?? 'GET', headers }))
  response.writeHead(status, Object.fromEntries(answered))
  response.end(await new Response(body).text())
}

export async function listening(server: Server): Promise<ServerUnderTest> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
