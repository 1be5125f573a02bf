/**
 * NATS beyond the conformance cases: how many messages a lock is, what stands in the bucket, buckets that may lose locks, and what
 * a user is allowed.
 * @module-tag real-time
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { headers, type NatsConnection } from '@nats-io/transport-node'
import * as server from '@holdfast/testbed/engines/nats/driver'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { until } from '@holdfast/testbed/engines/until'
import { locate as locateCertificate, makeCertificate } from '@holdfast/testbed/os/certificate'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import type { OpenStore } from '../../store/store.ts'
import { claim, held, takeAndLeave, turnOf } from '../claims.fixture.ts'
import { nats, natsBucketState } from './index.ts'
import { asked, sentBy, Stage } from './nats.fixture.ts'

const stage = new Stage()
let engine: Engine
let client: NatsConnection
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
  client ??= await stage.client(engine)
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!lock${(names += 1)}`
const opened = (bucket?: string): Promise<OpenStore> =>
  stage.opened(nats(client, bucket === undefined ? {} : { bucket }))

describe('messages', () => {
  test('an uncontended pair is two requests, a renewal is one, each announced to observers, and a look is one', async () => {
    const [store, resource] = [await opened(), fresh()]
    for (let pair = 0; pair < 2; pair += 1) expect(await sentBy(client, () => takeAndLeave(store, resource))).toBe(4)
    const first = claim(resource)
    held(await store.enter(first))
    expect(await sentBy(client, () => store.renew([{ ref: first, ttlMs: 60_000 }]))).toBe(2)
    expect(await sentBy(client, () => store.look(resource))).toBe(1)
  })

  test('a waiter of another process is told its grant in one message behind the change', async () => {
    const other = await stage.client(engine)
    const [store, waiting] = [await opened(), await stage.opened(nats(other))]
    const resource = fresh()
    const [first, second] = [claim(resource), claim(resource)]
    const { token } = held(await store.enter(first))
    expect(await waiting.enter(second)).toMatchObject({ kind: 'queued', ahead: 0 })
    const late = AbortSignal.timeout(2_000)
    const told = waiting.watch(second, late)
    // Refused, because the waiter has written since; then a reading, a change, its announcement, and the notice.
    expect(await sentBy(client, () => store.leave({ ...first, token }))).toBeLessThanOrEqual(5)
    await told
    expect(late.aborted).toBe(false)
    expect((await turnOf(waiting, second)).token).toBe(token + 1n)
  })
})

describe('the entry of a line', () => {
  test('has the name of the line as its key, and names that differ in a sign are not mixed up', async () => {
    const store = await opened('odd')
    const resources = ['shop!a.b', 'shop!a:b', 'shop!a%20b']
    for (const resource of resources) held(await store.enter(claim(resource)))
    const { state } = (await asked(client, 'STREAM.INFO.KV_odd', { subjects_filter: '>' })) as {
      state: { subjects: object }
    }
    const keys = ['shop/a=20b', 'shop/a=2Eb', 'shop/a=3Ab']
    expect(Object.keys(state.subjects).toSorted()).toEqual(keys.map((key) => `$KV.odd.${key}`))
  })

  test('of another program is refused and named, and stays as it is', async () => {
    const [store, resource] = [await opened(), fresh()]
    const subject = `$KV.holdfast.${resource.replace('!', '/')}`
    await client.request(subject, 'theirs')
    await expect(store.enter(claim(resource))).rejects.toThrow(StoreUnavailable)
    await expect(store.look(resource)).rejects.toThrow(`the record of ${resource} is damaged`)
    const { message } = (await asked(client, 'STREAM.MSG.GET.KV_holdfast', { last_by_subj: subject })) as {
      message: { data: string }
    }
    expect(Buffer.from(message.data, 'base64').toString()).toBe('theirs')
  })

  test.each(['DEL', 'PURGE'])(
    'that was deleted (%s) while nobody used it begins above its old tokens',
    async (mark) => {
      const [store, other, resource] = [await opened(), await opened(), fresh()]
      const before = await takeAndLeave(store, resource)
      // With the entry goes the last token, and a clock of whole milliseconds makes the next one.
      await until(() => BigInt(Date.now()) * 1_000n > before, { withinMs: 5_000, what: 'the next millisecond' })
      const marked = headers()
      marked.set('KV-Operation', mark)
      if (mark === 'PURGE') marked.set('Nats-Rollup', 'sub')
      await client.request(`$KV.holdfast.${resource.replace('!', '/')}`, '', { headers: marked, timeout: 2_000 })
      const after = await takeAndLeave(other, resource)
      expect(after).toBeGreaterThan(before)
      expect(await takeAndLeave(store, resource)).toBe(after + 1n)
    },
  )
})

describe('the bucket', () => {
  test('is made once by several stores that open together, in a file, and is full before it forgets', async () => {
    await Promise.all(Array.from({ length: 8 }, () => opened('together')))
    const { config } = await asked(client, 'STREAM.INFO.KV_together')
    const form = { storage: 'file', discard: 'new', max_msgs_per_subject: 1, deny_delete: true, num_replicas: 1 }
    expect(config).toMatchObject(form)
  })

  test.each([
    ['forgets its oldest entries when it is full', { discard: 'old', max_bytes: 1_000_000 }, /discard must be new/],
    ['deletes entries after an hour', { discard: 'new', max_age: 3_600_000_000_000 }, /max-age/],
    ['forgets what was read', { retention: 'interest' }, /retention must be limits/],
  ])('that %s is refused with the way out', async (_, changes, words) => {
    const bucket = `bad${(names += 1)}`
    await asked(client, `STREAM.CREATE.KV_${bucket}`, {
      name: `KV_${bucket}`,
      subjects: [`$KV.${bucket}.>`],
      storage: 'file',
      max_msgs_per_subject: 1,
      ...changes,
    })
    const opening = opened(bucket)
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    await expect(opening).rejects.toThrow(words)
  })

  test('that is to be kept three times by a server that is alone is refused with the way out', async () => {
    const opening = stage.opened(nats(client, { bucket: 'three', replicas: 3 }))
    await expect(opening).rejects.toMatchObject({ isFinal: true, message: expect.stringContaining('replicas') })
  })

  test('says how it is: where it is kept, how many lines it has, whether it forgets', async () => {
    await takeAndLeave(await opened('seen'), 'n!one')
    expect(await natsBucketState(engine.url, { bucket: 'seen' })).toMatchObject({
      storage: 'file',
      replicas: 1,
      behind: [],
      lineCount: 1,
      maxAgeMs: 0,
    })
    await expect(natsBucketState(engine.url, { bucket: 'nowhere' })).rejects.toThrow(/does not have the bucket/)
  })
})

test('options and clients of no meaning are told at once', () => {
  expect(() => nats(engine.url, { bucket: 'a.b' })).toThrow(Misuse)
  expect(() => nats(engine.url, { replicas: 6 })).toThrow(/from 1 to 5/)
  expect(() => nats({} as never)).toThrow(/takes a NatsConnection/)
})

describe('who may do what', () => {
  test('a user with the rights of the documentation does everything, and one without JetStream is told which it lacks', async () => {
    const { url } = await stage.server({
      config: `authorization { users = [
        { user: locks, password: geheim, permissions: {
          publish: ["$JS.API.STREAM.INFO.KV_holdfast", "$JS.API.STREAM.CREATE.KV_holdfast", "$JS.API.STREAM.MSG.GET.KV_holdfast",
            "$KV.holdfast.>", "holdfast.notices.holdfast.>"],
          subscribe: ["_INBOX.>", "holdfast.notices.holdfast.>"] } }
        { user: deaf, password: geheim, permissions: {
          publish: ["$JS.API.STREAM.>", "$KV.holdfast.>"], subscribe: ["_INBOX.>"] } }
        { user: nobody, password: geheim, permissions: { publish: ["other.>"], subscribe: ["_INBOX.>", "holdfast.notices.>"] } }
      ] }`,
    })
    const as = (user: string): string => url.replace('//', `//${user}@`)
    const store = await stage.opened(nats(as('locks:geheim')))
    const first = claim('n!rights')
    held(await store.enter(first))
    expect(store.facts.wakeUp).toBe('push')
    expect(await store.list('n!', undefined, 10)).toEqual({ resources: ['n!rights'] })
    const deaf = await stage.opened(nats(as('deaf:geheim')))
    expect(deaf.facts).toMatchObject({
      wakeUp: 'poll',
      reasons: expect.arrayContaining([expect.stringMatching(/hear/)]),
    })
    const refused = stage.opened(nats(as('nobody:geheim')))
    await expect(refused).rejects.toMatchObject({ isFinal: true, message: expect.stringMatching(/does not allow it/) })
    const unknown = stage.opened(nats(as('locks:falsch')))
    await expect(unknown).rejects.toMatchObject({ isFinal: true, message: expect.stringMatching(/refused the login/) })
    await expect(unknown).rejects.not.toThrow(/falsch/)
  }, 30_000)
})

test('a server that speaks TLS is believed by its authority, and one with another certificate is refused for good', async (context) => {
  await requireAbility(context, locateCertificate)
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  stage.keep(folder, (path) => rmSync(path, { recursive: true }))
  const { certificate, key } = await makeCertificate(folder)
  const tls = `tls { cert_file: "${certificate}", key_file: "${key}" }`
  const { url } = await stage.server({ config: tls })
  const secret = url.replace('nats:', 'natss:')
  const store = await stage.opened(nats(`${secret}?ca=${certificate}`))
  expect(await takeAndLeave(store, fresh())).toBeGreaterThan(0n)
  await expect(stage.opened(nats(secret))).rejects.toMatchObject({
    isFinal: true,
    message: expect.stringMatching(/certificate/),
  })
})
