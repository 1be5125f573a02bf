/** What a server answers and when, on each framework. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Fenced, Mode } from '../../lease/lease.ts'
import { Misuse, OutcomeUnknown, StaleToken, StoreUnavailable } from '../../store/errors.ts'
import { fencedFetch, fencingHeaders, httpGuard, type HttpMarks, processMarks } from './index.ts'
import { checkThenHandle } from './register.fixture.ts'
import { frameworks, type Handle, listening, queryOf, type ServerUnderTest } from './servers.fixture.ts'

function lease(token: bigint, mode: Mode = 'exclusive', name = 'stock'): Fenced {
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
}

interface Scene extends ServerUnderTest {
  readonly errors: unknown[]
  send(holder: Fenced, path?: string): Promise<Response>
}

async function served<Tx>(framework: string, marks: HttpMarks<Tx>, handle: Handle<Tx>): Promise<Scene> {
  const errors: unknown[] = []
  const server = await frameworks[framework]?.({ guard: httpGuard(marks), handle, errors })
  if (server === undefined) throw new Error(`no framework ${framework}`)
  onTestFinished(async () => await server.close())
  return {
    ...server,
    errors,
    send: async (holder, path = '/') => await fencedFetch(holder, `${server.url}${path}?${queryOf(holder)}`),
  }
}

/** 33 is in the middle of its write when 34 comes to read. */
async function lateWrite(framework: string, marks: HttpMarks<unknown>): Promise<{ readonly lost: number }> {
  let stock = 5
  const [begun, resume] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const scene = await served(framework, marks, async (url, held) => {
    if (url.pathname === '/read') return { stock }
    if (held.lease.token === 33n) {
      begun.resolve()
      await resume.promise
    }
    stock = Number(url.pathname.slice(1))
    return { stock }
  })
  const read = async (holder: Fenced): Promise<number> => {
    const { stock: seen } = (await (await scene.send(holder, '/read')).json()) as { readonly stock: number }
    return seen
  }
  const readBy33 = await read(lease(33n))
  const write33 = scene.send(lease(33n), `/${readBy33 - 1}`)
  await begun.promise
  const read34 = read(lease(34n))
  // Without a hold the answer comes now; with one it comes after the write, which no other event tells.
  await Promise.race([read34, new Promise((resolve) => setTimeout(resolve, 100))])
  resume.resolve()
  expect((await write33).status).toBe(200)
  await scene.send(lease(34n), `/${(await read34) - 1}`)
  return { lost: stock - 3 }
}

describe.each(Object.keys(frameworks))('with %s', (framework) => {
  test('a successor waits for a handler that has begun, and builds on what it wrote', async () => {
    expect(await lateWrite(framework, processMarks())).toEqual({ lost: 0 })
  })

  test('a check before the handler loses that write: this test can see it', async () => {
    expect(await lateWrite(framework, checkThenHandle(processMarks()))).toEqual({ lost: 1 })
  })

  test('a stale token is answered with 412 and a problem body, and the handler does not run', async () => {
    let runs = 0
    const scene = await served(framework, processMarks(), async () => (runs += 1))
    expect(await (await scene.send(lease(34n))).json()).toBe(1)
    const answer = await fetch(`${scene.url}/?${queryOf(lease(33n))}`, { headers: fencingHeaders(lease(33n)) })
    expect(answer.status).toBe(412)
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await answer.json()).toEqual({
      type: 'urn:holdfast:stale-token',
      title: 'Stale fencing token',
      status: 412,
      detail: expect.stringContaining('token 33 is stale, the resource has seen 34'),
      held: '33',
      needed: '34',
    })
    await expect(scene.send(lease(33n))).rejects.toThrow(
      expect.objectContaining({ name: 'StaleToken', held: 33n, needed: 34n }),
    )
    expect([runs, scene.errors]).toEqual([1, []])
  })

  test.each([
    [428, 'no header', {}],
    [400, 'the header of another lock', fencingHeaders(lease(33n, 'exclusive', 'other'))],
    [400, 'a header in another mode', fencingHeaders(lease(33n, 'shared'))],
    [400, 'a token far ahead of the clock', fencingHeaders(lease(2n ** 63n - 1n))],
    [400, 'a header that is no sequencer', { 'Fencing-Token': '33' }],
  ])('%d is the answer to %s', async (status, _, headers) => {
    const scene = await served(framework, processMarks(), async () => 'handled')
    const answer = await fetch(`${scene.url}/?${queryOf(lease(33n))}`, { headers })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ type: 'urn:holdfast:misuse', status })
    expect(scene.errors).toEqual([])
  })

  test('what the handler throws goes to the framework, and the next request has its turn', async () => {
    const failure = new Misuse('a mistake of the handler')
    const scene = await served(framework, processMarks(), async (url) => {
      if (url.pathname === '/fail') throw failure
      return 'handled'
    })
    expect((await scene.send(lease(33n), '/fail')).status).toBe(500)
    expect(scene.errors).toEqual([failure])
    expect(await (await scene.send(lease(33n))).json()).toBe('handled')
  })

  test('a handler that is refused by the guard it writes through is answered with 412, another one stays an error', async () => {
    const stale = (held: bigint): StaleToken => new StaleToken('too late', { held, needed: 40n })
    const scene = await served(framework, processMarks(), async (url) => {
      throw stale(BigInt(url.pathname.slice(1)))
    })
    await expect(scene.send(lease(33n), '/33')).rejects.toThrow(StaleToken)
    expect(scene.errors).toEqual([])
    expect((await scene.send(lease(33n), '/12')).status).toBe(500)
    expect(scene.errors).toHaveLength(1)
  })

  test('the answer goes out after the commit: one that fails is not told as a success', async () => {
    const failure = new Error('the commit failed')
    const failing: HttpMarks<undefined> = {
      async run(_lease, work) {
        await work(undefined)
        throw failure
      },
    }
    const scene = await served(framework, failing, async () => 'sold')
    const answer = await scene.send(lease(33n))
    expect([answer.status, await answer.text()]).toEqual([500, '{}'])
    expect(scene.errors).toEqual([failure])
  })
})

test('a reply of Fastify that was sent by the handler is too early, and its work is undone', async () => {
  const ends: unknown[] = []
  const marks: HttpMarks<undefined> = {
    async run(_lease, work) {
      try {
        return await work(undefined)
      } catch (error) {
        ends.push(error)
        throw error
      }
    },
  }
  const handler = httpGuard(marks).fastify(
    () => ({ namespace: 'shop', name: 'stock', mode: 'exclusive' }),
    async (_request, reply: { sent: boolean; code(): void; headers(): void }) => {
      reply.sent = true
    },
  )
  const reply = { sent: false, code: () => undefined, headers: () => undefined }
  await expect(handler({ headers: { 'fencing-token': 'shop/stock/exclusive/33' } }, reply)).rejects.toThrow(
    /return the payload instead/,
  )
  expect(ends).toHaveLength(1)
})

test('what a middleware set stays on a refusal, and what the handler set does not', async () => {
  const failing: HttpMarks<undefined> = {
    async run({ token }, work) {
      await work(undefined)
      throw new StaleToken('refused at the commit', { held: token, needed: 34n })
    },
  }
  const handler = httpGuard(failing).node(
    () => ({ namespace: 'shop', name: 'stock', mode: 'exclusive' }),
    (_request: IncomingMessage, response: ServerResponse) => {
      response.statusCode = 201
      response.setHeader('location', '/14A')
      response.setHeader('vary', 'cookie')
      response.end('sold')
    },
  )
  const server = await listening(
    createServer((request, response) => {
      response.setHeader('vary', 'origin')
      handler(request, response, () => response.destroy())
    }),
  )
  onTestFinished(async () => await server.close())
  const { status, headers } = await fetch(server.url, { headers: fencingHeaders(lease(33n)) })
  expect([status, headers.get('vary'), headers.get('location')]).toEqual([412, 'origin', null])
})

test('a response that the handler has begun to write is broken off when its commit fails', async () => {
  const failing: HttpMarks<undefined> = {
    async run({ token }, work) {
      await work(undefined)
      throw new StaleToken('refused at the commit', { held: token, needed: 34n })
    },
  }
  const handler = httpGuard(failing).node(
    () => ({ namespace: 'shop', name: 'stock', mode: 'exclusive' }),
    (_request: IncomingMessage, response: ServerResponse) => {
      response.write('sold ')
      response.end('to ada')
    },
  )
  const server = await listening(createServer((request, response) => handler(request, response, () => undefined)))
  onTestFinished(async () => await server.close())
  const text = fencedFetch(lease(33n), server.url).then(async (answer) => await answer.text())
  await expect(text).rejects.toThrow()
})

test('no answer is unknown, never no; a busy resource is told as not done', async () => {
  const server = await listening(createServer((_request, response) => response.destroy()))
  onTestFinished(async () => await server.close())
  await expect(fencedFetch(lease(33n), server.url, { method: 'PUT' })).rejects.toThrow(OutcomeUnknown)

  const [begun, resume] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const scene = await served('node:http', processMarks({ wait: 20 }), async () => {
    begun.resolve()
    await resume.promise
    return 'handled'
  })
  const first = scene.send(lease(33n))
  await begun.promise
  await expect(scene.send(lease(34n))).rejects.toThrow(StoreUnavailable)
  const answer = await fetch(`${scene.url}/?${queryOf(lease(34n))}`, { headers: fencingHeaders(lease(34n)) })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  resume.resolve()
  expect((await first).status).toBe(200)
})

test('a request that is wrong in itself is refused before anything is sent, and an answer of others is left alone', async () => {
  await expect(fencedFetch(lease(33n), 'no address')).rejects.toThrow(TypeError)
  const problem = JSON.stringify({ type: 'about:blank', detail: 'something else', status: 412 })
  const server = await listening(
    createServer((_request, response) => {
      response.writeHead(412, { 'content-type': 'application/problem+json' })
      response.end(problem)
    }),
  )
  onTestFinished(async () => await server.close())
  const answer = await fencedFetch(lease(33n), server.url)
  expect([answer.status, await answer.text()]).toEqual([412, problem])
})
