/** Bad input that crosses several parts of the library; docs/bad-input.md says where each kind is tested. */
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { newClaimId } from './store/claim.ts'
import { world } from './client/clients.fixture.ts'
import { systemClock } from './time/clock.ts'
import { Misuse, StaleToken } from './store/errors.ts'
import type { Fenced } from './lease/lease.ts'
import { acceptSequencer, formatSequencer, parseSequencer } from './lease/sequencer.ts'
import { fence } from './guards/sqlite/index.ts'
import { holdfast } from './holdfast.ts'
import { sqlite } from './stores/sqlite/index.ts'
import { lockFile } from './stores/sqlite/processes.fixture.ts'

describe('a duration', () => {
  const options = ['ttl', 'wait', 'stopBefore', 'lockDelay', 'minHold'] as const
  const values = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53, '9007199254740993ms', '', 'soon']

  test.each(options)(
    'of %s that no timer or engine could carry is refused by name, and nothing is sent',
    async (option) => {
      const { locks, store } = world().client()
      for (const value of values) {
        const call = locks.acquire('seat', { [option]: value })
        await expect(call, String(value)).rejects.toThrow(new RegExp(`^${option} must be between`))
        await expect(call).rejects.toBeInstanceOf(Misuse)
      }
      expect(store.calls).toBe(0)
    },
  )

  test('of 24 h is the longest, and its timers do not fire early', async () => {
    const { clock, client } = world()
    const { locks } = client()
    await expect(locks.acquire('seat', { ttl: 24 * 3_600_000 + 1 })).rejects.toBeInstanceOf(Misuse)
    const lease = await locks.acquire('seat', { ttl: '24h' })
    await clock.advance(23 * 3_600_000)
    expect(lease.isHeld()).toBe(true)
    await lease.release()
  })
})

describe('a name', () => {
  test.each([
    ['ten kilobytes', 'x'.repeat(10_240)],
    ['an object', { name: 'seat' }],
    ['an array', ['seat']],
    ['null', null],
    ['undefined', undefined],
    ['a symbol', Symbol('seat')],
  ])('that is %s is refused by every method, and nothing is sent', async (_, name) => {
    const { locks, store } = world().client()
    const bad = name as string
    const calls = [
      () => locks.acquire(bad),
      () => locks.tryAcquire(bad),
      () => locks.using(bad, () => 1),
      () => locks.acquireAll(['good', bad]),
      () => locks.tryAcquireAll([bad]),
      () => locks.inspect(bad),
      () => locks.evict(bad, { token: 1n, reason: 'x' }),
      async () => locks.readWrite(bad),
      async () => locks.semaphore(bad, { permits: 2 }),
    ]
    for (const call of calls) await expect(call()).rejects.toBeInstanceOf(Misuse)
    expect(store.calls).toBe(0)
  })

  test('in NFC and the same name in NFD are two locks, and no name is normalised', async () => {
    const { locks } = world().client()
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301']
    const leases = [await locks.tryAcquire(composed), await locks.tryAcquire(decomposed)]
    expect(leases.map((lease) => lease?.name)).toEqual([composed, decomposed])
    expect((await locks.list()).names.toSorted()).toEqual([decomposed, composed].toSorted())
  })

  test('that looks like a path, a URI or a command touches no file but the lock file and its own', async () => {
    const path = lockFile()
    const locks = holdfast(sqlite({ path }), { namespace: '../..' })
    for (const name of [
      '../../etc/cron.d/x',
      '/etc/x',
      '..',
      '.',
      'a\\..\\b',
      'file:x',
      '~',
      '$(touch x)',
      'a\nb',
      '%2e%2e%2f',
    ]) {
      const lease = await locks.acquire(name)
      const waiting = locks.acquire(name, { wait: 200 })
      await lease.release()
      await (await waiting).release()
    }
    const files = readdirSync(dirname(path)).filter((file) => !/^locks\.db(?:-wal|-shm|\.bells)?$/.test(file))
    expect(files).toEqual([])
    for (const bell of readdirSync(`${path}.bells`)) expect(bell).toMatch(/^[0-9a-z.]+$/)
    await locks.close()
  })
})

describe('a token', () => {
  test('beyond 2^53 is exact from the store to the guard and back', async () => {
    const path = lockFile()
    const maker = holdfast(sqlite({ path }))
    await maker.using('another', () => undefined)
    await maker.close()
    const first = 2n ** 53n + 1n // rounds to 2^53
    const raw = new DatabaseSync(path)
    raw.prepare('UPDATE file SET floor = ?, ceiling = ?').run(first - 1n, first + 10n ** 9n)
    raw.close()
    const locks = holdfast(sqlite({ path }))
    const old = await locks.acquire('seat')
    expect(old.token).toBe(first)
    await old.release()
    const next = await locks.acquire('seat')
    expect(next.token).toBe(first + 1n)
    expect(parseSequencer(next.sequencer).token).toBe(first + 1n)
    expect((await locks.inspect('seat')).claims[0]?.token).toBe(first + 1n)
    const database = new DatabaseSync(':memory:')
    const then = { ...systemClock, wallMs: () => Number(first / 1_000n) }
    const guard = fence(database, { clock: then })
    const sent = (text: string): Fenced =>
      acceptSequencer(text, { namespace: next.namespace, name: 'seat', mode: 'exclusive' })
    guard.enter(sent(next.sequencer))
    // The very pair that a number cannot tell apart.
    expect(Number(first)).toBe(Number(first - 1n))
    const older = formatSequencer({ ...parseSequencer(next.sequencer), token: first })
    expect(() => guard.enter(sent(older))).toThrow(StaleToken)
    expect(await locks.evict('seat', { token: first, reason: 'the older one' })).toBe('gone')
    expect(await locks.evict('seat', { token: first + 1n, reason: 'this one' })).toBe('evicted')
    await locks.close()
    database.close()
  })

  test('that was forged far into the future shuts nobody out of a guard', () => {
    const database = new DatabaseSync(':memory:')
    const guard = fence(database)
    const token = (aheadMs: number): bigint => BigInt(Date.now() + aheadMs) * 1_000n
    const sent = (each: bigint): Fenced =>
      acceptSequencer(`shop/seat/exclusive/${each}`, { namespace: 'shop', name: 'seat', mode: 'exclusive' })
    for (const forged of [2n ** 63n - 1n, token(25 * 3_600_000)]) {
      expect(() => guard.enter(sent(forged))).toThrow(/maxAhead/)
    }
    guard.enter(sent(token(0)))
    database.close()
  })
})

test('ten thousand claim ids are as many, and nothing in them repeats', () => {
  const ids = Array.from({ length: 10_000 }, newClaimId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(ids.map((id) => id.slice(0, 12))).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
})
