/**
 * What a client believes of answers: of a Holdfast server that refuses, of a proxy in front of it, and of none at all. The cases
 * of all stores run over real servers in packages/server.
 * @module-tag real-time
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Misuse, NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { systemClock } from '../../time/clock.ts'
import { claim, held } from '../claims.fixture.ts'
import { opened } from '../opened.fixture.ts'
import { http } from './index.ts'
import { facts, ScriptedServer } from './scripted.fixture.ts'

const never = new AbortController().signal
const grant = { kind: 'held', token: '7', askedAfterMs: 0, lifeMs: 10_000, provisional: false } as const

let server: ScriptedServer

beforeEach(async () => {
  server = new ScriptedServer()
  await server.begin()
})
afterEach(() => server[Symbol.asyncDispose]())

describe('an answer that is none of a Holdfast server', () => {
  const MIB = 1024 * 1024
  const page = '<html><h1>502 Bad Gateway</h1></html>'
  const foreign = '{"type":"about:blank","code":"NOT_APPLIED","detail":"busy","retryable":true}'
  const answers: readonly (readonly [string, (response: ServerResponse) => void])[] = [
    ['a page of a proxy', (response) => response.writeHead(502).end(page)],
    ['a page that says that all is well', (response) => response.writeHead(200).end(page)],
    ['a way to elsewhere', (response) => response.writeHead(302, { location: '/login' }).end()],
    ['a code without a problem of ours', (response) => response.writeHead(503).end(foreign)],
    ['an answer that breaks off', (response) => broken(response, JSON.stringify(grant))],
    ['an answer that has no end', (response) => response.writeHead(200).end('x'.repeat(MIB + 1))],
    ['no answer', () => undefined],
    ['a connection that is cut', (response) => response.destroy()],
    ['a number for a token', (response) => response.end(JSON.stringify({ ...grant, token: 7 }))],
    ['a grant without a life', (response) => response.end(JSON.stringify({ ...grant, lifeMs: undefined }))],
    ['a standing of another kind', (response) => response.end('{"kind":"blocked"}')],
    ['null', (response) => response.end('null')],
  ]

  test.each(answers)('is unknown and neither a grant nor a refusal: %s', async (_, answer) => {
    server.scripts.set('enter', (response) => answer(response))
    const store = await server.opened()
    await expect(store.enter(claim('n!a'))).rejects.toThrow(OutcomeUnknown)
  })

  function broken(response: ServerResponse, text: string): void {
    response.writeHead(200, { 'content-length': text.length + 10 })
    response.write(text, () => response.destroy())
  }

  test('that does not come in time is not waited for: its connection is given up', async () => {
    const closed = Promise.withResolvers<void>()
    server.scripts.set('enter', (response) => response.once('close', closed.resolve))
    const store = await server.opened()
    await expect(store.enter(claim('n!a'))).rejects.toThrow(OutcomeUnknown)
    await closed.promise
  })

  test('in one batch of renewals is unknown for each of them, and a problem of one is its own', async () => {
    const store = await server.opened()
    const [first, second] = [claim('n!a'), claim('n!b')]
    const renewals = [first, second].map((ref) => ({ ref, ttlMs: 1_000 }))
    server.scripts.set('renew', (response) => response.writeHead(504).end(page))
    expect((await store.renew(renewals)).map((each) => each instanceof OutcomeUnknown)).toEqual([true, true])
    const problem = { type: 'urn:holdfast:error:NOT_APPLIED', code: 'NOT_APPLIED', detail: 'busy', retryable: true }
    server.says('renew', () => ({ standings: [{ problem }, grant] }))
    const [refused, renewed] = await store.renew(renewals)
    expect([refused instanceof NotApplied, renewed]).toEqual([true, expect.objectContaining({ token: 7n })])
  })
})

describe('a refusal of the server', () => {
  test('says that nothing was done, that the store is away, or that asking again cannot help', async () => {
    const store = await server.opened()
    const refused = async (status: number, code: string, retryable: boolean): Promise<unknown> => {
      server.refuses('enter', status, code, retryable)
      return await store.enter(claim('n!a')).catch((error: unknown) => error)
    }
    for (const [status, code] of [
      [503, 'NOT_APPLIED'],
      [429, 'LIMITED'],
      [503, 'DRAINING'],
    ] as const) {
      expect(await refused(status, code, true)).toBeInstanceOf(NotApplied)
    }
    expect(await refused(503, 'STORE_UNAVAILABLE', true)).toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: false })
    expect(await refused(503, 'STORE_UNAVAILABLE', false)).toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    expect(await refused(504, 'OUTCOME_UNKNOWN', true)).toBeInstanceOf(OutcomeUnknown)
    expect(await refused(500, 'INTERNAL', false)).toBeInstanceOf(OutcomeUnknown)
    for (const [status, code] of [
      [401, 'UNAUTHENTICATED'],
      [403, 'FORBIDDEN'],
      [400, 'MISUSE'],
    ] as const) {
      expect(await refused(status, code, false)).toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    }
    expect(String(await refused(403, 'FORBIDDEN', false))).toMatch(/does not allow it.*because of the test/)
  })

  test('of a claim that another run of it has is no end of the claim before its time', async () => {
    server.says('facts', () => ({
      seam: 1,
      instance: 'one',
      tag: 'one.1',
      facts: { ...facts, ttl: { ...facts.ttl, per: 'session' } },
    }))
    server.says('enter', () => ({ ...grant, lifeMs: 200 }))
    const store = await server.opened()
    const first = { ...claim('n!a'), ttlMs: 200 }
    const { token } = held(await store.enter(first))
    expect(server.seen.at(-1)?.request.headers['holdfast-instance']).toBe('one')
    server.refuses('renew', 421, 'WRONG_INSTANCE', false)
    server.refuses('leave', 421, 'WRONG_INSTANCE', false)
    const renewed = async (): Promise<unknown> => (await store.renew([{ ref: { ...first, token }, ttlMs: 200 }]))[0]
    expect(await renewed()).toBeInstanceOf(NotApplied)
    await expect.poll(renewed, { interval: 50 }).toMatchObject({ kind: 'gone' })
    expect(server.seen.at(-1)?.request.headers['holdfast-instance']).toBe('one')
    server.says('enter', () => grant)
    held(await store.enter(claim('n!b')))
    expect(server.seen.at(-1)?.request.headers['holdfast-instance']).toBe('two')
  })
})

describe('a life', () => {
  test('counts from before the request was sent, however late the answer comes', async () => {
    server.scripts.set('enter', (response) => setTimeout(() => response.end(JSON.stringify(grant)), 60))
    const store = await server.opened()
    const sentMs = systemClock.monotonicMs()
    const { askedAt } = held(await store.enter(claim('n!a')))
    expect(askedAt.monotonicMs - sentMs).toBeLessThan(30)
    server.says('enter', () => ({ ...grant, askedAfterMs: -5_000 }))
    const again = held(await store.enter(claim('n!b')))
    expect(again.askedAt.monotonicMs).toBeLessThanOrEqual(systemClock.monotonicMs() - 5_000)
    expect(again.askedAt.wallMs).toBeLessThanOrEqual(systemClock.wallMs() - 5_000)
  })

  test('never counts from a moment that has not come, whatever is answered', async () => {
    server.says('enter', () => ({ ...grant, askedAfterMs: 60_000 }))
    const store = await server.opened()
    const { askedAt } = held(await store.enter(claim('n!a')))
    expect(askedAt.monotonicMs).toBeLessThanOrEqual(systemClock.monotonicMs())
  })
})

describe('a stream', () => {
  let streams: ServerResponse[]
  beforeEach(() => {
    streams = []
    server.scripts.set('stream', (response) => {
      streams.push(response)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`retry: 500\n\nevent: told\ndata: {"stream":"s${streams.length}","instance":"one"}\n\n`)
    })
    server.says('unwatch', () => ({}))
  })
  const tell = (text: string): void => void streams.at(-1)?.write(text)

  test('serves all watches of a client, and tells each its own', async () => {
    const watched: number[] = []
    server.says('watch', (body) => watched.push((body as { readonly watch: number }).watch))
    const store = await server.opened()
    const [first, second] = [store.watch(claim('n!a'), never), store.watch(claim('n!b'), never)]
    await expect.poll(() => watched.length).toBe(2)
    tell(`: beat\n\nevent: told\ndata: {"watch":${watched[1]},"told":${JSON.stringify(grant)}}\n\n`)
    expect(await second).toMatchObject({ kind: 'held', token: 7n })
    tell(`event: told\ndata: {"watch":${watched[0]},"hint":true}\n\n`)
    expect(await first).toEqual({ kind: 'hint' })
    expect(streams).toHaveLength(1)
  })

  test('that is cut, or says what cannot be read, is a hint for every watch of it, and the next watch has a new one', async () => {
    server.says('watch', () => ({}))
    const store = await server.opened()
    for (const [index, end] of [() => streams.at(-1)?.destroy(), () => tell('data: {"watch\n\n')].entries()) {
      const watching = store.watch(claim('n!a'), never)
      await expect.poll(() => server.seen.filter(({ step }) => step === 'watch').length).toBe(index + 1)
      end()
      const late = new Promise((resolve) => setTimeout(resolve, 1_000, 'nothing'))
      expect(await Promise.race([watching, late])).toEqual({ kind: 'hint' })
    }
    expect(streams).toHaveLength(2)
  })

  test('that does not come about fails the watch, which is asked for on no other way', async () => {
    server.scripts.set('stream', (response) => response.writeHead(502).end('<html>'))
    const store = await server.opened()
    await expect(store.watch(claim('n!a'), never)).rejects.toThrow(OutcomeUnknown)
    server.scripts.set('stream', () => undefined)
    await expect(store.watch(claim('n!a'), never)).rejects.toThrow(OutcomeUnknown)
  })

  test('is told which watches are over', async () => {
    server.says('watch', () => ({}))
    const store = await server.opened()
    const over = new AbortController()
    const watching = store.watch(claim('n!a'), over.signal)
    await expect.poll(() => server.seen.some(({ step }) => step === 'watch')).toBe(true)
    over.abort()
    expect(await watching).toEqual({ kind: 'hint' })
    await expect.poll(() => server.seen.at(-1)).toMatchObject({ step: 'unwatch', body: { stream: 's1', watch: 1 } })
  })
})

describe('an address', () => {
  test('that nobody listens at is told, with the way out', async () => {
    const { url } = server
    await server[Symbol.asyncDispose]()
    server = new ScriptedServer()
    await server.begin()
    const opening = opened(http(url))
    await expect(opening).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)/)
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: false })
  })

  test('of another version, or of something else, is told for good', async () => {
    server.says('facts', () => ({ seam: 2, tag: 'one.1', facts }))
    await expect(server.opened()).rejects.toMatchObject({ isFinal: true, message: /version 2 of the seam/ })
    server.says('facts', () => ({ hello: 'world' }))
    await expect(server.opened()).rejects.toMatchObject({ isFinal: true })
  })

  test('may be a path behind a proxy, has its token in a file that may be replaced, and neither is in an error', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, 'hf_first\n')
    server.says('look', () => ({ resource: 'n!a', lastToken: '0', claims: [], version: '' }))
    const store = await server.opened({ tokenFile })
    await store.look('n!a')
    expect(server.seen.at(-1)?.request.headers.authorization).toBe('Bearer hf_first')
    writeFileSync(tokenFile, 'hf_second')
    server.refuses('look', 401, 'UNAUTHENTICATED', false)
    const error: unknown = await store.look('n!a').catch((each: unknown) => each)
    expect(server.seen.at(-1)?.request.headers.authorization).toBe('Bearer hf_second')
    expect(String(error)).toMatch(/name its file/)
    expect(String(error)).not.toMatch(/hf_/)
    rmSync(folder, { recursive: true })
    await expect(store.look('n!a')).rejects.toThrow(StoreUnavailable)
    const behind = await opened(http(`${server.url}/locks/`))
    expect(server.seen.at(-1)?.request.url).toBe('/locks/v1/seam/facts')
    await behind.close()
  })

  test.each([
    'redis://host',
    'http://user:secret@host',
    'http://host?token=secret',
    'http://host?token-file=',
    'http://host?token-file=a&token-file=b',
  ])('%s is refused, and nothing of it is repeated', (url) => {
    expect(() => http(url)).toThrow(Misuse)
    expect(() => http(url)).not.toThrow(/secret/)
  })

  test('with two tokens, or with one that no header carries, is refused', () => {
    expect(() => http('http://host', { token: 'a', tokenFile: 'b' })).toThrow(Misuse)
    expect(() => http('http://host', { token: 'a b' })).toThrow(Misuse)
  })
})

test('facts are those behind, say what they go through, and are read again when an answer says that they changed', async () => {
  const told: string[] = []
  const store = await server.opened({}, { factsChanged: ({ safetyClass }) => told.push(safetyClass) })
  expect(store.facts).toMatchObject({ engine: 'HTTP to Memory', safetyClass: 'best-effort', wakeUp: 'push' })
  expect(store.facts.reasons.at(-1)).toMatch(/^Through the Holdfast server at 127/)
  server.says('facts', () => ({ seam: 1, tag: 'one.2', facts: { ...facts, safetyClass: 'durable' } }))
  server.scripts.set('list', (response) => {
    response.writeHead(200, { 'holdfast-facts': 'one.2' })
    response.end('{"resources":[]}')
  })
  await store.list('', undefined, 1)
  await expect.poll(() => told).toEqual(['durable'])
  await store.list('', undefined, 1)
  expect(server.seen.filter(({ step }) => step === 'facts')).toHaveLength(2)
})
