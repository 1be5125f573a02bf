/**
 * What a reader of events is told, and what a slow one costs, over a real socket.
 *
 * @module-tag real-time
 */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holdfast, type Locks, StoreUnavailable } from 'holdfast'
import { memory } from 'holdfast/memory'
import { aroundStore } from 'holdfast/testing'
import { type LockServer, lockServer } from './index.ts'

const SILENCE_MS = 300
const NOTE = 'n'.repeat(4_000)

let locks: Locks
let server: LockServer
/** The server no longer observes the line "book". */
let unobserved: PromiseWithResolvers<void>

beforeEach(async () => {
  unobserved = Promise.withResolvers<void>()
  const damaged = aroundStore(memory(), (open) => ({
    observe: (resource, seen, signal) => {
      if (resource.endsWith('book')) signal.addEventListener('abort', () => unobserved.resolve(), { once: true })
      return open.observe(resource, seen, signal)
    },
    // Something else is in the place of one line.
    look: (resource) =>
      resource.endsWith('damaged')
        ? Promise.reject(new StoreUnavailable('the record of "damaged" is damaged', { isFinal: true }))
        : open.look(resource),
  }))
  locks = holdfast(damaged)
  server = await lockServer({ locks, namespace: 'default', listen: '127.0.0.1:0', readerSilenceMs: SILENCE_MS })
})
afterEach(async () => {
  await server.close(0)
  await locks.close()
})

async function reader(query: string): Promise<IncomingMessage> {
  const asked = get(`${server.url}/v1/observe?${query}`)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return answer.setEncoding('utf8')
}

/** What is read until the text fits. */
async function readUntil(answer: IncomingMessage, wanted: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of answer) {
    text += String(chunk)
    if (wanted.test(text)) return text
  }
  throw new Error(`the stream ended with: ${text}`)
}

/** A line of a megabyte. */
async function longLine(): Promise<void> {
  const { read } = locks.readWrite('book')
  await Promise.all(Array.from({ length: 250 }, () => read.acquire({ note: NOTE })))
}

test('a line that can never be read is told as a problem, and the others are told of', async () => {
  const answer = await reader('name=damaged&name=seat')
  const text = await readUntil(answer, /event: line[^]*event: problem|event: problem[^]*event: line/)
  const [, problem = ''] = /event: problem\ndata: (.*)/.exec(text) ?? []
  expect(JSON.parse(problem)).toMatchObject({ code: 'STORE_UNAVAILABLE', name: 'damaged', status: 503 })
  expect(text).toContain('"name":"seat"')
})

test('a stream of nothing but lines that cannot be read says so and ends', async () => {
  let text = ''
  for await (const chunk of await reader('name=damaged')) text += String(chunk)
  expect(text).toContain('event: problem')
})

test('a line that is too long for an event is cut, and says how many claims are left out', async () => {
  await longLine()
  const text = await readUntil(await reader('name=book'), /data: .*\n\n/)
  const { claims, hidden } = JSON.parse(/data: (\{.*)/.exec(text)?.[1] ?? '') as { claims: unknown[]; hidden?: number }
  expect(claims.length + (hidden ?? 0)).toBe(250)
  expect(text.length).toBeLessThan(600 * 1024)
})

test('a reader that takes nothing is let go, and one that reads hears the newest', async () => {
  await longLine()
  const [slow, quick] = [await reader('name=book'), await reader('name=seat')]
  slow.pause()
  let isObserved = true
  void unobserved.promise.then(() => (isObserved = false))
  // What the system keeps for a connection takes some of it first.
  const limitMs = performance.now() + 3_000
  while (isObserved && performance.now() < limitMs) await (await locks.readWrite('book').read.acquire()).release()
  expect(isObserved).toBe(false)
  const cut = once(slow, 'error')
  slow.resume()
  await cut
  expect(slow.complete).toBe(false)
  const lease = await locks.acquire('seat')
  await readUntil(quick, new RegExp(lease.tokenText))
})
