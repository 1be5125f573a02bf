/**
 * Servers that restart, crash, or hand over to a standby while a lock is held.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/postgres/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { beforeEach, expect, test } from 'vitest'
import { again, claim, held, turnOf } from '../claims.fixture.ts'
import { postgres } from './index.ts'
import { Stage } from './postgres.fixture.ts'

beforeEach(async (context) => {
  await requireEngine(context, server)
})

const crashed = async (engine: Engine): Promise<void> => {
  await engine.kill()
  await engine.restart()
}

test.each([
  ['restarts', (engine: Engine) => engine.restart()],
  ['crashes and recovers', crashed],
] as const)(
  'a server that %s keeps the holder, and both waiters get their turn in order',
  { timeout: 90_000 },
  async (_, hurt) => {
    await using stage = new Stage()
    const engine = await stage.server({ fsync: true })
    const stores = await Promise.all(Array.from({ length: 3 }, () => stage.opened(postgres(engine.url))))
    const claims = stores.map(() => claim('n!line', { ttlMs: 30_000 }))
    const tokens = [held(await stores[0]!.enter(claims[0]!)).token]
    const turns: Promise<bigint>[] = []
    for (const index of [1, 2]) {
      await stores[index]!.enter(claims[index]!)
      turns.push(turnOf(stores[index]!, claims[index]!).then(({ token }) => token))
    }
    await hurt(engine)
    expect((await again(() => stores[0]!.look('n!line'))).claims.map(({ state }) => state)).toEqual([
      'held',
      'waiting',
      'waiting',
    ])
    for (const [index, turn] of turns.entries()) {
      const token = tokens.at(-1)!
      expect(await again(() => stores[index]!.leave({ ...claims[index]!, token }))).toBe('left')
      tokens.push(await turn)
    }
    promised(() => expect(tokens).toEqual([...new Set(tokens)].toSorted((one, other) => (one < other ? -1 : 1))))
  },
)

test('while the server is away every ask says so, and none of them is taken for an answer', async () => {
  await using stage = new Stage()
  const engine = await stage.server()
  const store = await stage.opened(postgres(engine.url))
  const asked = claim('n!away')
  const { token } = held(await store.enter(asked))
  await engine.kill()
  const asks = [
    store.enter(claim('n!other')),
    store.renew([{ ref: { ...asked, token }, ttlMs: 5_000 }]).then(([answer]) => Promise.reject(answer)),
    store.leave({ ...asked, token }),
    store.look('n!away'),
    store.list('n!', undefined, 5),
  ]
  for (const each of await Promise.allSettled(asks)) {
    expect(each).toMatchObject({ reason: { code: expect.stringMatching(/^(?:STORE_UNAVAILABLE|OUTCOME_UNKNOWN)$/) } })
  }
})

test(
  'a standby that lags grants the lock a second time when it takes over, with a higher token',
  { timeout: 90_000 },
  async () => {
    await using stage = new Stage()
    const primary = await stage.server({ fsync: true })
    const store = await stage.opened(postgres(primary.url))
    const earlier = claim('n!lock')
    await store.leave({ ...earlier, token: held(await store.enter(earlier)).token })
    const standby = await stage.server({ standbyOf: primary, fsync: true })
    // Said beforehand, of a server that is durable by itself.
    expect(store.facts).toMatchObject({ safetyClass: 'durable', lockRisks: expect.arrayContaining([LOSING]) })
    expect(store.facts.reasons.join()).toContain('No standby is waited for')
    const person = stage.pool(standby)
    await person.query("ALTER SYSTEM SET primary_conninfo = ''")
    await person.query('SELECT pg_reload_conf()')
    await expect.poll(async () => (await person.query('SELECT FROM pg_stat_wal_receiver')).rowCount).toBe(0)
    const lost = claim('n!lock')
    const { token } = held(await store.enter(lost))
    await primary.kill()
    await person.query('SELECT pg_promote()')
    const next = await stage.opened(postgres(standby.url))
    const second = held(await next.enter(claim('n!lock')))
    promised(() => expect(second.token).toBeGreaterThan(token))
    // The old holder is not known there.
    expect(await next.renew([{ ref: { ...lost, token }, ttlMs: 5_000 }])).toEqual([{ kind: 'gone' }])
  },
)

test('a standby that commits wait for knows the holder when it takes over', { timeout: 90_000 }, async () => {
  await using stage = new Stage()
  const primary = await stage.server({ fsync: true })
  await stage.opened(postgres(primary.url))
  const standby = await stage.server({ standbyOf: primary, fsync: true })
  const person = stage.pool(primary)
  await person.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
  await person.query('SELECT pg_reload_conf()')
  await expect
    .poll(async () => (await person.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")).rowCount)
    .toBe(1)
  const store = await stage.opened(postgres(primary.url))
  expect(store.facts.lockRisks).not.toContain(LOSING)
  const { token } = held(await store.enter(claim('n!lock')))
  await primary.kill()
  await stage.pool(standby).query('SELECT pg_promote()')
  const next = await stage.opened(postgres(standby.url))
  const waiting = await next.enter(claim('n!lock'))
  promised(() => expect(waiting).toMatchObject({ kind: 'queued' }))
  expect((await next.look('n!lock')).lastToken).toBe(token)
})

const LOSING = 'a failover to a standby that has not received the last commits'
