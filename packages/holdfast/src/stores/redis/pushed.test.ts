/**
 * What a client makes of answers and messages that cross each other, and of those that never come.
 * @module-tag real-time
 */
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { openProxy } from '@holdfast/testbed/proxy/proxy'
import { patient } from '@holdfast/testbed/watchdog/pace'
import { OutcomeUnknown } from '../../store/errors.ts'
import { RENEW_BATCH_MAX } from '../../store/limits.ts'
import { never } from '../opened.fixture.ts'
import { driverOf } from '../redis-driver/client.ts'
import type { RedisDriver } from '../redis-driver/driver.ts'
import { redis } from './index.ts'
import { claim, held, Stage } from './redis.fixture.ts'

const stage = new Stage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!pushed${(names += 1)}`

/** The real driver, with something between it and the store. */
function through(answering: (words: readonly string[], ask: () => Promise<unknown>) => Promise<unknown>): RedisDriver {
  const port = driverOf(stage.client(engine))
  return { listen: (hearer) => port.listen(hearer), send: (words) => answering(words, () => port.send(words)) }
}

test('a grant that is told before the answer of the ask arrives is the answer', async () => {
  const resource = fresh()
  const other = await stage.opened(redis(engine.url))
  const [first, second] = [claim(resource), claim(resource)]
  const { token } = held(await other.enter(first))
  const arrives = Promise.withResolvers<void>()
  const store = await stage.opened(
    redis(
      through(async (words, ask) => {
        const answer = await ask()
        if (words.some((word) => word.includes(second.id))) await arrives.promise
        return answer
      }),
    ),
  )
  // An earlier answer tells when things happened.
  await store.enter(claim(fresh()))
  const entering = store.enter(second)
  await expect.poll(async () => (await other.look(resource)).claims.length).toBe(2)
  await other.leave({ ...first, token })
  // A change that is told on the same connection, after the grant.
  const third = claim(resource)
  expect((await store.enter(third)).kind).toBe('queued')
  const turn = store.watch({ resource, id: third.id }, never)
  await other.leave({ resource, id: second.id })
  expect((await turn).kind).toBe('held')
  arrives.resolve()
  expect(await entering).toMatchObject({ kind: 'held', provisional: true })
})

test('one batch of renewals that gets no answer leaves the others theirs', async () => {
  const lost = claim(fresh())
  const store = await stage.opened(
    redis(
      through((words, ask) =>
        words.some((word) => word.includes(lost.id)) && Number(words[2]) > RENEW_BATCH_MAX
          ? Promise.reject(new Error('Connection is closed.'))
          : ask(),
      ),
    ),
  )
  const claims = [lost, ...Array.from({ length: RENEW_BATCH_MAX }, () => claim(fresh()))]
  const refs = await Promise.all(claims.map(async (each) => ({ ...each, token: held(await store.enter(each)).token })))
  const answers = await store.renew(refs.map((ref) => ({ ref, ttlMs: 5_000 })))
  expect(answers.slice(0, RENEW_BATCH_MAX).every((answer) => answer instanceof OutcomeUnknown)).toBe(true)
  expect(answers.at(-1)).toMatchObject({ kind: 'held', lifeMs: 5_000 })
})

test('a renewal with a wrong token ends nobody else’s watch', async () => {
  const resource = fresh()
  const store = await stage.opened(redis(engine.url))
  const mine = claim(resource)
  const { token } = held(await store.enter(mine))
  const watching = store.watch({ resource, id: mine.id, token }, never)
  const wrong = { resource, id: mine.id, token: token + 1n }
  expect(await store.renew([{ ref: wrong, ttlMs: 1_000 }])).toEqual([{ kind: 'gone' }])
  await store.evict(resource, token, 'enough')
  expect(await watching).toEqual({ kind: 'gone', reason: 'enough' })
})

test(
  'after a lost connection everybody looks again, and a grant that is told is only news until the server told its time anew',
  { timeout: patient(5_000) },
  async () => {
    const resource = fresh()
    const proxy = await openProxy(engine)
    stage.ending(() => proxy.close())
    const other = await stage.opened(redis(engine.url))
    const first = claim(resource)
    const { token } = held(await other.enter(first))
    const store = await stage.opened(redis(stage.client({ url: proxy.through(engine.url) })))
    const second = claim(resource)
    expect((await store.enter(second)).kind).toBe('queued')
    const ref = { resource, id: second.id }
    const waiting = store.watch(ref, never)
    const observing = store.observe(resource, (await store.look(resource)).version, never)
    const seen = stage.client(engine)
    await expect.poll(() => seen.hexists(`holdfast:{${resource}}`, 'b')).toBe(1)
    // Answers come in order: the observer has its own by now, and only a hint can end it.
    await store.look(resource)
    proxy.resetConnections()
    // It is heard again.
    expect((await waiting).kind).toBe('hint')
    await observing
    // Neither a look nor an observer tells this store the server's clock, so a pushed grant has no deadline: it is a hint.
    const marker = fresh()
    const { version } = await store.look(marker)
    const marked = store.observe(marker, version, never)
    await expect.poll(() => seen.hexists(`holdfast:{${marker}}`, 'b')).toBe(1)
    await other.leave({ ...first, token })
    await other.enter(claim(marker))
    // What is told on one connection comes in order: the turn was told by now.
    expect(await marked).not.toBe(version)
    expect((await store.watch(ref, never)).kind).toBe('hint')
    expect((await store.enter(second)).kind).toBe('held')
  },
)
