/**
 * What the server answers, over a real socket.
 *
 * @module-tag real-time
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { holdfast, type Locks } from 'holdfast'
import { memory } from 'holdfast/memory'
import { type LockServer, lockServer } from './index.ts'

const newClaimId = (): string => crypto.randomUUID().replaceAll('-', '')

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

let locks: Locks
let server: LockServer

beforeEach(async () => {
  locks = holdfast(memory())
  server = await lockServer({ locks, namespace: 'default', listen: '127.0.0.1:0' })
})
afterEach(async () => {
  await server.close(0)
  await locks.close()
})

async function ask(
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const content = { 'content-type': 'application/json', ...headers }
  const post = body === undefined ? { headers } : { method: 'POST', headers: content, body: JSON.stringify(body) }
  const answer = await fetch(server.url + path, signal === undefined ? post : { ...post, signal })
  return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> }
}

describe('a lease over HTTP', () => {
  test('is told to end, counted from before the request, before anybody else gets the lock', async () => {
    const sentMs = performance.now()
    const { body } = await ask('/v1/locks/seat/acquire', { id: newClaimId(), ttlMs: 1_000 })
    const endsAtMs = sentMs + Number(body['believeMs'])
    const next = await locks.acquire('seat', { wait: '5s' })
    expect(performance.now()).toBeGreaterThan(endsAtMs)
    expect(endsAtMs - sentMs).toBeGreaterThan(900)
    expect(next.token).toBeGreaterThan(BigInt(String(body['token'])))
  })

  test('counts a wait as waited: the belief after a wait is longer than the ttl and ends with the loan', async () => {
    // Its program falls silent, so the next one waits for a second.
    await ask('/v1/locks/seat/acquire', { id: newClaimId(), ttlMs: 1_000 })
    const sentMs = performance.now()
    const { body } = await ask('/v1/locks/seat/acquire', { id: newClaimId(), ttlMs: 1_000, waitMs: 10_000 })
    const endsAtMs = sentMs + Number(body['believeMs'])
    expect(Number(body['believeMs'])).toBeGreaterThan(1_500)
    await locks.acquire('seat', { wait: '5s' })
    expect(performance.now()).toBeGreaterThan(endsAtMs)
  })

  test('is told again to the same id, and prolonged by a renewal', async () => {
    const id = newClaimId()
    const [one, other] = await Promise.all([1, 2].map(() => ask('/v1/locks/seat/acquire', { id })))
    expect(one?.body['token']).toBe(other?.body['token'])
    const renewed = await ask('/v1/locks/seat/renew', { id, token: one?.body['token'], note: 'batch 7' })
    expect(renewed).toMatchObject({
      status: 200,
      body: { standing: 'held', token: one?.body['token'], closing: false },
    })
    expect((await locks.inspect('seat')).claims).toHaveLength(1)
  })

  test('is prolonged together with others in one request, and one that is over spoils none of them', async () => {
    const [one, two] = [newClaimId(), newClaimId()]
    const { body } = await ask('/v1/locks/one/acquire', { id: one, ttlMs: 2_000 })
    const { body: other } = await ask('/v1/locks/two/acquire', { id: two, ttlMs: 2_000 })
    await ask('/v1/locks/two/release', { id: two })
    const claims = [
      { name: 'two', id: two, token: other['token'] },
      { name: 'one', id: one, token: body['token'], note: 'batch 7' },
      { name: 'three', id: one, token: body['token'] },
    ]
    expect(await ask('/v1/renew', { claims })).toMatchObject({
      status: 200,
      body: {
        closing: false,
        claims: [
          { name: 'two', problem: { status: 410, code: 'LEASE_LOST' } },
          { name: 'one', standing: 'held', token: body['token'], believeMs: expect.any(Number) as number },
          { name: 'three', problem: { status: 400, code: 'MISUSE' } },
        ],
      },
    })
    expect((await ask('/v1/renew', { claims: Array.from({ length: 501 }, () => claims[1]) })).status).toBe(400)
  })

  test('that was released is over: its id neither renews nor takes the lock again', async () => {
    const id = newClaimId()
    const { body } = await ask('/v1/locks/seat/acquire', { id })
    expect(await ask('/v1/locks/seat/release', { id })).toEqual({ status: 200, body: { outcome: 'released' } })
    expect(await ask('/v1/locks/seat/release', { id })).toEqual({ status: 200, body: { outcome: 'expired' } })
    expect((await ask('/v1/locks/seat/renew', { id, token: body['token'] })).status).toBe(410)
    expect(await ask('/v1/locks/seat/acquire', { id })).toMatchObject({ status: 410, body: { code: 'LEASE_LOST' } })
  })

  test('that an operator ended is 410 with the reason', async () => {
    const id = newClaimId()
    const { body } = await ask('/v1/locks/seat/acquire', { id })
    await locks.evict('seat', { token: BigInt(String(body['token'])), reason: 'db3 is replaced' })
    await expect
      .poll(async () => await ask('/v1/locks/seat/renew', { id, token: body['token'] }))
      .toMatchObject({ status: 410, body: { detail: expect.stringContaining('db3 is replaced') as unknown } })
  })

  test('is busy with 409, and a program that goes away leaves no claim in the line', async () => {
    const holder = await locks.acquire('seat')
    expect(await ask('/v1/locks/seat/acquire', { id: newClaimId() })).toMatchObject({
      status: 409,
      body: { code: 'WAIT_TIMEOUT', name: 'seat', retryable: true, retryAfterMs: 1_000 },
    })
    const gone = new AbortController()
    const waiting = ask('/v1/locks/seat/acquire', { id: newClaimId(), waitMs: 20_000 }, {}, gone.signal)
    waiting.catch(() => undefined)
    await expect.poll(async () => (await locks.inspect('seat')).claims.length).toBe(2)
    gone.abort()
    await expect.poll(async () => (await locks.inspect('seat')).claims.length).toBe(1)
    await holder.release()
  })

  test('has modes: readers together, permits by number', async () => {
    for (const mode of ['shared', 'shared']) {
      expect((await ask('/v1/locks/book/acquire', { id: newClaimId(), mode })).status).toBe(200)
    }
    expect((await ask('/v1/locks/book/acquire', { id: newClaimId(), readersToo: true })).status).toBe(409)
    const permit = { mode: 'permit', of: 2, permits: 2 }
    expect((await ask('/v1/locks/pool/acquire', { id: newClaimId(), ...permit })).status).toBe(200)
    expect((await ask('/v1/locks/pool/acquire', { id: newClaimId(), ...permit })).status).toBe(409)
    expect((await ask('/v1/locks/pool/acquire', { id: newClaimId(), of: 2 })).status).toBe(400)
  })
})

describe('looks', () => {
  test('show a line, names, and whether a sequencer holds', async () => {
    const lease = await locks.acquire('a seat', { note: 'n' })
    expect((await ask('/v1/locks/a@20seat')).body).toMatchObject({
      name: 'a seat',
      claims: [{ token: lease.tokenText, note: 'n' }],
    })
    expect((await ask('/v1/locks?prefix=a')).body).toEqual({ names: ['a seat'] })
    const check = `/v1/check?sequencer=${lease.sequencer}`
    expect(await ask(check)).toEqual({ status: 200, body: { live: true } })
    await lease.release()
    expect(await ask(check)).toMatchObject({ status: 412, body: { code: 'STALE_TOKEN', held: lease.tokenText } })
  })

  test('tell a reader of every change', async () => {
    const answer = await fetch(`${server.url}/v1/observe?name=seat`)
    const texts = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await texts.read()).value).toContain('"claims":[]')
    const lease = await locks.acquire('seat')
    expect((await texts.read()).value).toContain(lease.tokenText)
    await texts.cancel()
    expect((await ask('/v1/observe')).status).toBe(400)
  })

  test('say why a lock was not got: busy, waited for in vain, or used with another capacity', async () => {
    await locks.acquire('seat')
    const asked = (body: object) => ask('/v1/locks/seat/acquire', { id: newClaimId(), ...body })
    expect(await asked({})).toMatchObject({ status: 409, body: { code: 'WAIT_TIMEOUT', because: 'busy', waitedMs: 0 } })
    expect(await asked({ waitMs: 20 })).toMatchObject({ status: 409, body: { because: 'timeout' } })
    const capacity = await asked({ mode: 'permit', of: 3 })
    expect(capacity).toMatchObject({ status: 409, body: { code: 'MISUSE', because: 'capacity', capacity: 1 } })
  })

  test('to a look wait for the next change where the program names the state it knows', async () => {
    const look = async (tag = '', wait = 20): Promise<readonly [status: number, tag: string]> => {
      const headers = tag === '' ? {} : { 'if-none-match': tag, prefer: `wait=${wait}` }
      const answer = await fetch(`${server.url}/v1/locks/seat`, { headers, signal: AbortSignal.timeout(20_000) })
      await answer.arrayBuffer()
      return [answer.status, answer.headers.get('etag') ?? '']
    }
    const [, free] = await look()
    expect(await look(free, 0)).toEqual([304, free])
    const changed = look(free)
    const lease = await locks.acquire('seat')
    const [status, held] = await changed
    expect([status, held === free]).toEqual([200, false])
    expect(held).toMatch(/^"[0-9a-f]{16}"$/)
    // The end of the server is no reason to wait.
    const waiting = look(held)
    expect(await look(held, 1)).toEqual([304, held])
    await server.close(0)
    expect(await waiting).toEqual([304, held])
    await lease.release()
  })

  test('say which server it is, to whom may read', async () => {
    const { body } = await ask('/version')
    expect(body).toMatchObject({
      name: 'holdfast',
      interface: 'v1',
      version: expect.stringMatching(/^\d+\./) as string,
    })
    expect((await ask('/version', undefined, { authorization: 'Bearer guess' })).status).toBe(401)
  })

  test('say what is wrong with a request, and describe the interface', async () => {
    expect(await ask('/v1/locks/seat/acquire', { id: 'mine' })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('id: ') as unknown },
    })
    expect((await ask('/v1/locks/seat/acquire', { id: newClaimId(), tll: 1 })).status).toBe(400)
    expect((await ask('/v1/locks/seat/acquire', {}, { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await ask('/v2')).status).toBe(404)
    const paths = (await ask('/openapi.json')).body['paths'] as Readonly<Record<string, unknown>>
    expect(JSON.stringify(paths['/v1/locks/{name}/acquire'])).toContain('"ttlMs"')
  })
})

describe('the door', () => {
  /** `fetch` does not let a program choose its host. */
  function statusFor(headers: Readonly<Record<string, string>>, path = '/livez', method = 'GET'): Promise<number> {
    return new Promise((resolve, reject) => {
      const call = request(server.url + path, { headers, method }, (answer) => {
        resolve(answer.statusCode ?? 0)
        call.destroy()
      })
      call.on('error', reject)
      // Not ended: a body that is announced need not come.
      call.flushHeaders()
    })
  }

  test('is shut to pages of browsers and to other names of this address, on every path', async () => {
    const { host } = new URL(server.url)
    expect(await statusFor({ host })).toBe(200)
    expect(await statusFor({ host: 'rebound.example' })).toBe(421)
    expect(await statusFor({ host, origin: 'http://evil.example' })).toBe(403)
    expect(await statusFor({ host, 'sec-fetch-site': 'cross-site' }, '/v1/locks')).toBe(403)
  })

  test('takes no body above its limit', async () => {
    const { host } = new URL(server.url)
    expect(await statusFor({ host, 'content-length': '300000' }, '/v1/locks/seat/acquire', 'POST')).toBe(413)
  })

  test('counts no renewal towards the limit of what a caller asks', async () => {
    const id = newClaimId()
    const { body } = await ask('/v1/locks/seat/acquire', { id })
    const renewal = { id, token: body['token'] }
    const asked = Array.from({ length: 900 }, () => ask('/v1/locks/seat/renew', renewal))
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]))
  })

  test('lets nobody evict without a token', async () => {
    const lease = await locks.acquire('seat')
    const eviction = { token: lease.tokenText, reason: 'no' }
    expect((await ask('/v1/locks/seat/evict', eviction)).status).toBe(403)
    expect((await ask('/v1/locks/seat/evict', eviction, { authorization: 'Bearer guess' })).status).toBe(401)
    expect(lease.isHeld()).toBe(true)
  })

  test('gives each token its scopes and its prefix, and none of it is shown', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-server-'))
    const tokensFile = join(folder, 'tokens')
    const digest = createHash('sha256').update('hf_secret').digest('hex')
    writeFileSync(tokensFile, `# one\n${digest} read,operate orders:\n`, { mode: 0o600 })
    await server.close(0)
    server = await lockServer({ locks, namespace: 'default', listen: '127.0.0.1:0', tokensFile })
    const bearer = { authorization: 'Bearer hf_secret' }
    const lease = await locks.acquire('orders:1')
    expect((await ask('/v1/locks/orders:1')).status).toBe(401)
    expect((await ask('/v1/locks/orders:1', undefined, bearer)).status).toBe(200)
    expect((await ask('/v1/locks/other', undefined, bearer)).status).toBe(403)
    expect((await ask('/v1/locks/orders:1/acquire', { id: newClaimId() }, bearer)).status).toBe(403)
    const eviction = (token: string): object => ({ token, reason: 'stuck' })
    const refused = await ask('/v1/locks/orders:1/evict', eviction('1'), bearer)
    expect(refused).toMatchObject({ status: 412, body: { held: '1', needed: lease.tokenText } })
    expect(JSON.stringify(refused)).not.toContain('hf_secret')
    expect((await ask('/v1/locks/orders:1/evict', eviction(lease.tokenText), bearer)).body).toEqual({
      outcome: 'evicted',
    })
    rmSync(folder, { recursive: true })
  })
})
