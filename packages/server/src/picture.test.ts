/**
 * All lines under a prefix as a stream, followed as the page follows it.
 *
 * @module-tag real-time
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holdfast, type Locks, StoreUnavailable } from 'holdfast'
import { memory } from 'holdfast/memory'
import { aroundStore } from 'holdfast/testing'
import { type LockServer, lockServer } from './index.ts'
import { followFeed, type FeedState } from './page/feed.ts'
import { LineTable, NO_FILTER } from './page/line-table.ts'

let locks: Locks
let server: LockServer
let isAway = false

class Reader implements Disposable {
  readonly table = new LineTable()
  readonly events: string[] = []
  readonly states: FeedState[] = []
  readonly #end = new AbortController()

  constructor(query: string) {
    const { signal } = this.#end
    void followFeed({
      url: `${server.url}/v1/observe?${query}`,
      key: '',
      signal,
      onEvent: (event, data) => {
        this.events.push(event)
        this.table.apply(event, data, performance.now())
      },
      onState: (state) => this.states.push(state),
    })
  }

  get names(): readonly string[] {
    return this.table.shown({ ...NO_FILTER, sort: 'name' }).map(({ row }) => row.name)
  }

  [Symbol.dispose](): void {
    this.#end.abort()
  }
}

/** The events up to the first that fits, of a reader that comes with a place; and the place it has then. */
async function resumed(
  query: string,
  place: string,
  until: string,
): Promise<{ readonly text: string; readonly place: string }> {
  const gone = new AbortController()
  const headers = { 'last-event-id': place }
  const answer = await fetch(`${server.url}/v1/observe?${query}`, { headers, signal: gone.signal })
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!new RegExp(`event: ${until}\n.*\n\n`).test(text)) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`the stream ended with ${text}`)
    text += value
  }
  gone.abort()
  return { text, place: [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '' }
}

beforeEach(async () => {
  isAway = false
  const damaged = aroundStore(memory(), (open) => ({
    list: (prefix, cursor, limit) =>
      isAway ? Promise.reject(new StoreUnavailable('the server is away')) : open.list(prefix, cursor, limit),
    // Something else is in the place of one line.
    look: (resource) =>
      resource.endsWith('damaged')
        ? Promise.reject(new StoreUnavailable('the record of "damaged" is damaged', { isFinal: true }))
        : open.look(resource),
  }))
  locks = holdfast(damaged, { owner: 'db3/4711' })
  await locks.open()
  server = await lockServer({ locks, namespace: 'default', listen: '127.0.0.1:0' })
})
afterEach(async () => {
  await server.close(0)
  await locks.close()
})

test('a reader sees the locks under its prefix, a hand-over, and a lock that becomes free', async () => {
  const lease = await locks.acquire('orders:1')
  await locks.acquire('other')
  using reader = new Reader('prefix=orders:')
  await expect.poll(() => reader.events).toContain('ready')
  expect(reader.names).toEqual(['orders:1'])
  expect(reader.table.row('orders:1')?.row).toMatchObject({
    state: 'held',
    kind: 'mutex',
    owner: 'db3/4711',
    token: lease.tokenText,
    waiters: 0,
    isAtLeast: true,
  })
  const waiting = locks.acquire('orders:1', { wait: '10s' })
  await expect.poll(() => reader.table.row('orders:1')?.row.waiters).toBe(1)
  await lease.release()
  const next = await waiting
  await expect.poll(() => reader.table.row('orders:1')?.row.token).toBe(next.tokenText)
  expect(reader.table.row('orders:1')?.row.isAtLeast).toBe(false)
  const { changes } = (await (await fetch(`${server.url}/v1/locks/orders:1/history`)).json()) as {
    changes: { kind: string }[]
  }
  expect(changes.map(({ kind }) => kind)).toEqual(['waiting', 'ended', 'held'])
  await next.release()
  await expect.poll(() => reader.names).toEqual([])
})

test('what one process holds and waits for is asked in one request, what ends first before the others', async () => {
  await locks.acquire('orders:1', { ttl: '30s' })
  await locks.acquire('orders:2', { ttl: '5s' })
  await locks.acquire('other')
  const waiting = locks.acquire('orders:2', { wait: '60s', ttl: '40s' }).catch(() => undefined)
  using reader = new Reader('prefix=')
  await expect.poll(() => reader.table.row('orders:2')?.row.waiters).toBe(1)
  const claimsOf = async (query: string): Promise<readonly unknown[]> => {
    const { claims } = (await (await fetch(`${server.url}/v1/claims?${query}`)).json()) as {
      claims: { name: string }[]
    }
    return claims
  }
  const all = await claimsOf('owner=db3%2F4711&prefix=orders:')
  expect(all).toMatchObject([
    { name: 'orders:2', state: 'held', place: null, owner: 'db3/4711' },
    { name: 'orders:2', state: 'waiting', place: 1, token: null },
    { name: 'orders:1', state: 'held' },
  ])
  // All processes of the host; and a process whose name only begins like it is another one.
  expect(await claimsOf('owner=db3')).toHaveLength(4)
  expect(await claimsOf('owner=db3%2F47')).toEqual([])
  expect((await fetch(`${server.url}/v1/claims`)).status).toBe(400)
  await locks.close()
  await waiting
})

test('a lock that is taken again and again is told of between two rounds', async () => {
  await locks.acquire('seat')
  using reader = new Reader('prefix=')
  await expect.poll(() => reader.events).toContain('ready')
  await locks.evict('seat', { token: (await locks.inspect('seat')).lastToken, reason: 'to begin' })
  const tokens = new Set<string>()
  const stop = performance.now() + 900
  while (performance.now() < stop) {
    const lease = await locks.acquire('seat', { wait: '5s' })
    await expect.poll(() => reader.table.row('seat')?.row.token).toBe(lease.tokenText)
    tokens.add(lease.tokenText)
    await lease.release()
  }
  expect(tokens.size).toBeGreaterThan(2)
})

test('a reader that comes back with its place hears only what changed, and what became free', async () => {
  const [one] = [await locks.acquire('one'), await locks.acquire('two'), await locks.acquire('three')]
  using witness = new Reader('prefix=')
  await expect.poll(() => witness.events).toContain('ready')
  const first = await resumed('prefix=', '', 'ready')
  expect(first.text).toContain('event: reset')
  await one.release()
  await locks.acquire('four')
  await expect.poll(() => witness.names).toEqual(['four', 'three', 'two'])
  const back = await resumed('prefix=', first.place, 'ready')
  expect(back.text).not.toContain('event: reset')
  expect(
    [...back.text.matchAll(/event: (\w+)\ndata: \{"name":"(\w+)"/g)]
      .map(([, event, name]) => `${event} ${name}`)
      .sort(),
  ).toEqual(['free one', 'line four'])
})

test('a picture of thousands of locks is told as fast as the reader takes it', async () => {
  await Promise.all(Array.from({ length: 5_000 }, (_, at) => locks.acquire(`job:${at}`)))
  using witness = new Reader('prefix=')
  await expect.poll(() => witness.events).toContain('ready')
  const askedMs = performance.now()
  const { text } = await resumed('prefix=', '', 'ready')
  expect(performance.now() - askedMs).toBeLessThan(800)
  expect(text.split('event: line')).toHaveLength(5_001)
})

test('a place of another server, or of one that forgot, begins anew', async () => {
  await locks.acquire('one')
  for (const place of ['00000000.1', 'nonsense', `${(await resumed('prefix=', '', 'ready')).place}9`]) {
    const { text } = await resumed('prefix=', place, 'ready')
    expect(text).toContain('event: reset')
    expect(text).toContain('"name":"one"')
  }
})

test('a server that comes back finds its readers, who lose nothing that they saw', async () => {
  await locks.acquire('one')
  using reader = new Reader('prefix=')
  await expect.poll(() => reader.events).toContain('ready')
  const listen = server.url.replace('http://', '')
  await server.close(0)
  await expect.poll(() => reader.states.at(-1)).toBe('away')
  expect(reader.names).toEqual(['one'])
  await locks.acquire('two')
  server = await lockServer({ locks, namespace: 'default', listen })
  await expect.poll(() => reader.names).toEqual(['one', 'two'])
  expect(reader.states).toEqual(['live', 'away', ...reader.states.slice(2, -1), 'live'])
})

test('a name that cannot be read is a row with the reason, and a store that is away is told', async () => {
  await locks.acquire('damaged')
  await locks.acquire('one')
  using reader = new Reader('prefix=')
  await expect.poll(() => reader.table.row('damaged')?.row.why).toContain('is damaged')
  expect(reader.names).toEqual(['damaged', 'one'])
  const states: string[] = []
  isAway = true
  const gone = new AbortController()
  const answer = await fetch(`${server.url}/v1/observe?prefix=`, { signal: gone.signal })
  for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) {
    states.push(text)
    if (text.includes('"awayMs":')) break
  }
  gone.abort()
  // The picture stays.
  expect(reader.names).toEqual(['damaged', 'one'])
})

test('a prefix and names exclude one another, and one of them is needed', async () => {
  for (const query of ['', '?prefix=a&name=b']) {
    expect((await fetch(`${server.url}/v1/observe${query}`)).status).toBe(400)
  }
})
