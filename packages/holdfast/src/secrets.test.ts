/** Secrets that must not leave the library: what a store knows of its server, and the id that could give a lock away. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { virtualClock } from './testing/virtual-clock.ts'
import { holdfast } from './holdfast.ts'
import type { Store } from './store/store.ts'
import { aroundStore } from './testing/around-store.ts'
import { memory, memoryEngine } from './stores/memory/index.ts'

const CANARY = 'c4n4ry-p4ssw0rd'
const NAMES = ['waiting', 'acquired', 'refused', 'renewed', 'jeopardy', 'lost', 'released'] as const

/** As a console or a logger would show it, to the last property. */
function shown(...values: readonly unknown[]): string {
  return values.map((value) => inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true })).join('\n')
}

/** A store with its credentials in plain sight, as drivers keep theirs, and the ids of all claims it was sent. */
function storeWithPassword(): { readonly store: Store; readonly ids: ReadonlySet<string>; isDown: boolean } {
  const inner = memory(memoryEngine())
  const ids = new Set<string>()
  const state = { ids, isDown: false }
  const counted = aroundStore(inner, (open) => ({
    enter: (claim) => {
      ids.add(claim.id)
      return open.enter(claim)
    },
    renew: (renewals) => (state.isDown ? Promise.reject(new Error('the server is away')) : open.renew(renewals)),
  }))
  const store = Object.assign(counted, { options: { url: `redis://app:${CANARY}@host`, password: CANARY } })
  return Object.assign(state, { store })
}

test('a lease in a log is what people need of it, and neither its id nor its store', async () => {
  const { store, ids } = storeWithPassword()
  const locks = holdfast(store, { clock: virtualClock() })
  const lease = await locks.acquire('seat', { note: 'row 14' })
  const [id = ''] = ids
  expect(id).toMatch(/^[0-9a-f]{32}$/)
  expect(JSON.parse(JSON.stringify(lease))).toEqual({
    namespace: 'default',
    name: 'seat',
    mode: 'exclusive',
    token: String(lease.token),
    state: 'held',
    remainingMs: 9_900,
  })
  await locks.using('desk', async () => {
    const inner = await locks.acquire('desk', { reentrant: true })
    expect(JSON.parse(JSON.stringify(inner))).toMatchObject({ name: 'desk', token: String(inner.token) })
    for (const each of ids) expect(shown(inner)).not.toContain(each)
  })
  const set = await locks.acquireAll(['a', 'b'])
  for (const each of ids) expect(shown(lease, set, locks, await locks.inspect('seat'))).not.toContain(each)
  await locks.close()
})

test('a password that a store was given is in no client, lease, error, event, log line or inspection', async () => {
  const clock = virtualClock()
  const world = storeWithPassword()
  const told: unknown[] = []
  const hear = (message: unknown): void => void told.push(message)
  for (const name of NAMES) subscribe(`holdfast:${name}`, hear)
  const logger = { debug: hear, info: hear, warn: hear, error: hear }
  const locks = holdfast(world.store, { clock, logger, ttl: '3s' })
  for (const name of NAMES) locks.on(name, hear)
  const lease = await locks.acquire('seat')
  const timeout = locks.acquire('seat', { wait: '1s' }).catch(hear)
  await clock.advance(2_000)
  await timeout
  told.push(await locks.inspect('seat'), await locks.list(), await locks.open(), locks.health())
  world.isDown = true
  await clock.advance(6_000)
  told.push(lease, lease.signal.reason, locks, await locks.check(lease.sequencer))
  expect(() => lease.assertHeld()).toThrow(/ran out/)
  try {
    lease.assertHeld()
  } catch (error) {
    hear(error)
  }
  await locks.close()
  await locks.acquire('seat').catch(hear)
  for (const name of NAMES) unsubscribe(`holdfast:${name}`, hear)
  const text = shown(told)
  for (const word of ['the server is away', 'ran out', 'did not become free', 'was closed'])
    expect(text).toContain(word)
  expect(text).not.toContain(CANARY)
  for (const id of world.ids) expect(text).not.toContain(id)
})
