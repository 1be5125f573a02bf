import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import { world } from './client/clients.fixture.ts'
import { Misuse, Unsupported } from './store/errors.ts'
import { holdfast } from './holdfast.ts'
import { formatSequencer, parseSequencer } from './lease/sequencer.ts'
import { memory } from './stores/memory/index.ts'

describe('a client', () => {
  test('opens nothing until it is used, and tells what its store promises', async () => {
    const { locks, store } = world().client()
    expect(store.calls).toBe(0)
    expect((await locks.open()).safetyClass).toBe('best-effort')
  })

  test('refuses a store of a lesser class than it requires, with the reasons', async () => {
    const { locks } = world().client({ require: 'consensus' })
    await expect(locks.acquire('seat')).rejects.toBeInstanceOf(Unsupported)
    await expect(locks.open()).rejects.toThrow('best-effort')
  })

  test.each([
    ['ttl 0', { ttl: 0 }],
    ['ttl -1', { ttl: -1 }],
    ['ttl 99', { ttl: 99 }],
    ['ttl NaN', { ttl: Number.NaN }],
    ['ttl Infinity', { ttl: Number.POSITIVE_INFINITY }],
    ['ttl 1500.5', { ttl: 1500.5 }],
    ['ttl 25h', { ttl: '25h' }],
    ['ttl banana', { ttl: 'banana' }],
    ['wait -1', { wait: -1 }],
    ['namespace empty', { namespace: '' }],
    ['namespace NUL', { namespace: 'a\0b' }],
    ['owner too long', { owner: 'x'.repeat(201) }],
  ])('refuses %s before anything is opened', (_, options) => {
    expect(() => holdfast(memory(), options)).toThrow(Misuse)
  })

  test.each([
    ['an empty name', ''],
    ['NUL', 'a\0b'],
    ['half of a surrogate pair', 'seat\uD800'],
    ['201 bytes', 'x'.repeat(201)],
    ['101 characters of two bytes', 'é'.repeat(101)],
    ['a number', 14 as never],
  ])('refuses %s as a name', async (_, name) => {
    const { locks, store } = world().client()
    await expect(locks.acquire(name)).rejects.toBeInstanceOf(Misuse)
    await expect(locks.tryAcquire(name)).rejects.toBeInstanceOf(Misuse)
    await expect(locks.inspect(name)).rejects.toBeInstanceOf(Misuse)
    expect(() => locks.readWrite(name)).toThrow(Misuse)
    expect(store.calls).toBe(0)
  })

  test('takes every other name for what it is: case, accents, __proto__ and braces are all different locks', async () => {
    const { locks } = world().client()
    const names = ['a', 'A', 'á', 'a\u0301', '__proto__', 'constructor', '{a}', 'a/b', 'a%2Fb', '..', ' a', 'a ', '💺']
    const leases = await Promise.all(names.map((name) => locks.tryAcquire(name)))
    expect(leases.every((lease) => lease !== null)).toBe(true)
    expect(new Set((await locks.list()).names)).toEqual(new Set(names))
  })

  test('namespaces and names never meet', async () => {
    const { client } = world()
    expect(await client({ namespace: 'a:b' }).locks.tryAcquire('c')).not.toBeNull()
    expect(await client({ namespace: 'a' }).locks.tryAcquire('b:c')).not.toBeNull()
  })

  test('an option that cannot be is refused by name', async () => {
    const { locks } = world().client()
    await expect(locks.acquire('seat', { stopBefore: '6s' })).rejects.toThrow('stopBefore')
    await expect(locks.acquire('seat', { note: 'x'.repeat(4_097) })).rejects.toThrow('note')
    await expect(locks.acquire('seat', { lockDelay: '2h' })).rejects.toThrow('lockDelay')
    await expect(locks.acquire('seat', { reentrant: true, detached: true })).rejects.toThrow('exclude')
    await expect(locks.acquire('seat', { signal: {} as never })).rejects.toThrow('signal')
  })
})

describe('looking from outside', () => {
  test('inspect shows holder, waiters, token and note, and no id that could release anything', async () => {
    const { clock, client } = world()
    const lease = await client({ owner: 'web-3/41' }).locks.acquire('seat', { note: 'row 14' })
    const waiting = client().locks.acquire('seat')
    waiting.catch(() => undefined)
    await clock.advance(1)
    const { claims } = await client().locks.inspect('seat')
    expect(claims[0]).toMatchObject({ state: 'held', owner: 'web-3/41', note: 'row 14', token: lease.token })
    expect(claims[1]).toMatchObject({ state: 'waiting' })
    expect(claims[0]?.id).toHaveLength(8)
    await lease.release()
  })

  test('names are listed by prefix, a page at a time', async () => {
    const { locks } = world().client()
    await Promise.all(Array.from({ length: 25 }, (_, n) => locks.acquire(`seat:${n}`)))
    await locks.acquire('other')
    const names: string[] = []
    let cursor: string | undefined
    for (let page = 0; page < 4; page += 1) {
      const found = await locks.list({ prefix: 'seat:', limit: 10, ...(cursor === undefined ? {} : { cursor }) })
      names.push(...found.names)
      cursor = found.cursor
      if (cursor === undefined) break
    }
    expect(names).toHaveLength(25)
    expect(new Set(names).size).toBe(25)
  })

  test('a sequencer is live while its lease is, and gone afterwards', async () => {
    const { client } = world()
    const { locks } = client()
    const lease = await locks.acquire('seat 14/A')
    expect(await client().locks.check(lease.sequencer)).toBe('live')
    const elsewhere = client({ namespace: 'elsewhere' }).locks.check(lease.sequencer)
    await expect(elsewhere).rejects.toThrow(/this client is of the namespace "elsewhere"/)
    await lease.release()
    expect(await locks.check(lease.sequencer)).toBe('gone')
    await expect(locks.check('nonsense')).rejects.toBeInstanceOf(Misuse)
  })

  test('a sequencer with another mode than that of its lease is not live', async () => {
    const { client } = world()
    const { locks } = client()
    const slots = locks.semaphore('slots', { permits: 5 })
    const leases = {
      mutex: await locks.acquire('seat'),
      reader: await locks.readWrite('stock').read.acquire(),
      writer: await locks.readWrite('prices').write.acquire(),
      permit: await slots.acquire(),
      'all permits': await locks.semaphore('rooms', { permits: 5 }).acquire({ take: 5 }),
    }
    for (const [kind, lease] of Object.entries(leases)) {
      for (const mode of ['exclusive', 'shared', 'permit'] as const) {
        const stated = formatSequencer({ ...parseSequencer(lease.sequencer), mode })
        // A mutex weighs as the only permit of a semaphore does, and no guard takes a permit.
        const isLive = mode === lease.mode || (kind === 'mutex' && mode === 'permit')
        expect([kind, mode, await locks.check(stated)]).toEqual([kind, mode, isLive ? 'live' : 'gone'])
      }
    }
  })

  test('an eviction needs the token and a reason, and hits nobody when the lock changed hands', async () => {
    const { client } = world()
    const { locks } = client()
    const first = await locks.acquire('seat')
    await first.release()
    const second = await locks.acquire('seat')
    expect(await locks.evict('seat', { token: first.token, reason: 'late' })).toBe('gone')
    expect(second.isHeld()).toBe(true)
    await expect(locks.evict('seat', { token: second.token, reason: '' })).rejects.toBeInstanceOf(Misuse)
    expect(await locks.evict('seat', { token: second.token, reason: 'stuck' })).toBe('evicted')
    const third = await locks.acquire('seat')
    expect(third.token).toBeGreaterThan(second.token)
  })

  test('every event is also published on its diagnostics channel', async () => {
    const { clock, client } = world()
    const seen: string[] = []
    const names = ['waiting', 'acquired', 'refused', 'renewed', 'lost', 'released'] as const
    const listeners = names.map((name) => [`holdfast:${name}`, () => void seen.push(name)] as const)
    for (const [name, listener] of listeners) subscribe(name, listener)
    const { locks } = client()
    const heard: string[] = []
    const undo = names.map((name) => locks.on(name, () => void heard.push(name)))
    const lease = await locks.acquire('seat')
    expect(await locks.tryAcquire('seat')).toBeNull()
    const waiting = locks.acquire('seat', { wait: '6s' })
    waiting.catch(() => undefined)
    await clock.advance(4_000)
    await locks.evict('seat', { token: lease.token, reason: 'test' })
    await clock.advance(10)
    await (await waiting).release()
    for (const [name, listener] of listeners) unsubscribe(name, listener)
    expect(new Set(seen)).toEqual(new Set(names))
    expect(heard).toEqual(seen)
    undo.forEach((stop) => stop())
    await (await locks.acquire('seat')).release()
    expect(heard).toEqual(seen)
  })
})
