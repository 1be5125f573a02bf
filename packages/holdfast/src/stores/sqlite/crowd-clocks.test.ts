/** Waiters that are rows, and time: places that end, a clock that is set back, a machine that was started anew. */
import { expect, test } from 'vitest'
import { WAITER_LIFE_MS } from '../../store/limits.ts'
import type { Store } from '../../store/store.ts'
import { never } from '../opened.fixture.ts'
import { at, BOOTED_MS, CROWD, crowdIn, HOUR_MS, inFile, movable, OLD_MS, waiting } from './crowd.fixture.ts'
import { sqlite } from './index.ts'
import { plainMachine } from './process-identity.ts'
import { claimOf, lockFile, opened, refOf, storeUnder, tokenOf } from './processes.fixture.ts'
import { sqliteStore } from './store.ts'

/** A machine whose wall clock judges. */
function wallClockStore(path: string): Store {
  const machine = () => plainMachine(process.platform)
  return sqliteStore({ path, makeFolder: false, durability: 'normal', trustedUsers: [], machine })
}

test('a place that ended and is asked for again stands behind all who came meanwhile', async () => {
  const path = lockFile()
  const { clock, move } = movable()
  const store = await opened(sqlite({ path }), clock)
  const [holder, ...others] = await crowdIn(store, CROWD, { ttlMs: HOUR_MS })
  const late = at(others, 20)
  const rest = others.filter((claim) => claim !== late)
  move(WAITER_LIFE_MS - 5_000)
  await store.renew(rest.map((claim) => ({ ref: refOf(claim), ttlMs: HOUR_MS })))
  move(6_000)
  expect(await store.enter(late)).toMatchObject({ kind: 'queued', ahead: rest.length })
  await store.leave(refOf(holder ?? late))
  for (const claim of rest) {
    expect((await store.enter(claim)).kind).toBe('held')
    await store.leave(refOf(claim))
  }
  expect((await store.enter(late)).kind).toBe('held')
})

test('of a crowd that nobody renews nothing is left when its places are over', async () => {
  const path = lockFile()
  const { clock, move } = movable()
  const store = await opened(sqlite({ path }), clock)
  await crowdIn(store, CROWD, { ttlMs: HOUR_MS })
  move(WAITER_LIFE_MS + 1)
  expect(await store.enter(claimOf({ ttlMs: HOUR_MS }))).toMatchObject({ kind: 'queued', ahead: 0 })
  expect(inFile(path).rows).toBe(0)
})

test('a clock that is set back keeps no dead waiter of a crowd for longer than a place lasts', async () => {
  const path = lockFile()
  const { clock, move, setWall } = movable()
  const store = await opened(wallClockStore(path), clock)
  await crowdIn(store, CROWD, { ttlMs: HOUR_MS })
  setWall(-HOUR_MS)
  const living = claimOf({ ttlMs: HOUR_MS })
  expect(await store.enter(living)).toMatchObject({ kind: 'queued', ahead: CROWD - 1 })
  move(WAITER_LIFE_MS / 2)
  await store.renew([{ ref: refOf(living), ttlMs: HOUR_MS }])
  move(WAITER_LIFE_MS / 2 + 1)
  expect(await store.renew([{ ref: refOf(living), ttlMs: HOUR_MS }])).toMatchObject([{ kind: 'queued', ahead: 0 }])
})

test.each([BOOTED_MS, OLD_MS])(
  'after a restart a crowd keeps its order, and its places are over in their time, up for %i ms',
  async (upForMs) => {
    const path = lockFile()
    const before = await opened(storeUnder(path, 'first'))
    const claims = await crowdIn(before, CROWD, { ttlMs: HOUR_MS })
    await crowdIn(before, CROWD, { resource: 'test!dead', ttlMs: HOUR_MS })
    await before.close()
    const { clock, move } = movable(upForMs)
    const after = await opened(storeUnder(path, 'second'), clock)
    const shown = (await after.look('test!lock')).claims
    expect(shown.map(({ id }) => id)).toEqual(claims.map(({ id }) => id.slice(0, 8)))
    for (const { state, endsInMs } of shown.slice(1)) {
      expect(state).toBe('waiting')
      expect(endsInMs).toBeGreaterThan(WAITER_LIFE_MS - 5_000)
      expect(endsInMs).toBeLessThanOrEqual(WAITER_LIFE_MS)
    }
    await after.leave(refOf(at(claims, 0)))
    expect((await after.enter(at(claims, 1))).kind).toBe('held')
    expect(await after.enter(at(claims, -1))).toMatchObject({ kind: 'queued', ahead: CROWD - 3 })
    move(WAITER_LIFE_MS + 1)
    expect((await after.look('test!dead')).claims.map(({ state }) => state)).toEqual(['held'])
  },
)

test.each(['all of them', 'those that another machine made without knowing'])(
  'rows of another clock, %s, have their whole place, also beside a shorter one',
  async (which) => {
    const path = lockFile()
    const before = await opened(storeUnder(path, 'first'))
    const isLate = which !== 'all of them'
    if (isLate) await before.leave(refOf(await waiting(before)))
    else await crowdIn(before, CROWD, { ttlMs: HOUR_MS })
    const { clock, move } = movable(OLD_MS)
    const after = await opened(storeUnder(path, 'second'), clock)
    await after.enter(claimOf({ resource: 'test!elsewhere' }))
    if (isLate) await crowdIn(before, CROWD, { ttlMs: HOUR_MS })
    await after.enter(claimOf({ ttlMs: 3_000 }))
    move(4_000)
    expect(await after.enter(claimOf())).toMatchObject({ kind: 'queued', ahead: CROWD - 1 })
  },
)

test('a container of its own boot id that joins finds the whole crowd, and nobody loses a place', async () => {
  const path = lockFile()
  const host = await opened(storeUnder(path, 'the-host'))
  const claims = await crowdIn(host)
  const container = await opened(storeUnder(path, 'a-container'))
  const newcomer = claimOf()
  expect(await container.enter(newcomer)).toMatchObject({ kind: 'queued', ahead: CROWD - 1 })
  const told = container.watch(refOf(newcomer), never)
  for (const claim of claims) await host.leave(refOf(claim))
  expect(tokenOf(await told)).toBeGreaterThan(0n)
})
