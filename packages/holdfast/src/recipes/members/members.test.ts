/** Who is in a list of members on virtual time: each from its joining until it leaves, dies or falls silent. */
import { expect, test } from 'vitest'
import { world } from '../../client/clients.fixture.ts'
import type { FaultPlan } from '../../testing/unreliable.ts'
import { type JoinOptions, type Member, members } from './index.ts'

const NAME = 'search-nodes'
const LINE = 'members:search-nodes'
const TTL_MS = 9_000

function nodes() {
  const around = world()
  const on = (plan?: FaultPlan, owner = 'host-1') => {
    const { locks } = around.client({ owner }, plan)
    const list = members(locks, NAME)
    return { locks, list, join: (options: JoinOptions = {}) => list.join(options) }
  }
  return { ...around, on }
}

test('members are listed in the order of joining with what they say of themselves, and no more once they left', async () => {
  const { clock, line, on } = nodes()
  const [one, two] = [on(), on(undefined, 'host-2')]
  const first = await one.join({ metadata: 'http://10.0.0.1:9200\nrack 4' })
  const second = await two.join({ id: 'node-2' })
  expect(await one.list.list()).toEqual([
    { id: first.id, owner: 'host-1', metadata: 'http://10.0.0.1:9200\nrack 4' },
    { id: 'node-2', owner: 'host-2', metadata: '' },
  ])
  second.setMetadata('warm')
  await clock.advance(100)
  expect((await two.list.list())[1]?.metadata).toBe('warm')
  expect(await first.leave()).toBe('released')
  expect(first.isMember()).toBe(false)
  expect((await two.list.list()).map(({ id }) => id)).toEqual(['node-2'])
  await second[Symbol.asyncDispose]()
  expect((await line(LINE)).claims).toEqual([])
  expect((await line(`${LINE}:m/node-2`)).claims).toEqual([])
})

test('observers see each member come and go, also one that fell silent, without a claim', async () => {
  const { clock, on } = nodes()
  const seen: string[] = []
  void (async () => {
    for await (const present of on().list.observe()) seen.push(present.map(({ id }: Member) => id).join(' '))
  })()
  await clock.advance(10)
  await on().join({ id: 'a' })
  await clock.advance(100)
  let isAway = false
  const silent = await on(() => (isAway ? { kind: 'unavailable' } : undefined)).join({ id: 'b' })
  await clock.advance(5_000)
  isAway = true
  await clock.advance(TTL_MS + 1_000)
  expect(seen).toEqual(['', 'a', 'a b', 'a'])
  expect([silent.isMember(), silent.signal.aborted]).toEqual([false, true])
  expect(silent.signal.reason).toMatchObject({ code: 'LEASE_LOST' })
})

test('a member that was paused past its ttl knows at its first step', async () => {
  const { clock, on } = nodes()
  const seat = await on().join()
  expect(seat.isMember()).toBe(true)
  clock.suspend(2 * TTL_MS)
  expect(seat.signal.aborted).toBe(true)
})

test('of two processes with one id the second waits until the first has left', async () => {
  const { clock, on } = nodes()
  const first = await on().join({ id: 'node-1' })
  const second = on(undefined, 'host-2').join({ id: 'node-1' })
  await clock.advance(5_000)
  expect((await on().list.list()).map(({ owner }) => owner)).toEqual(['host-1'])
  await first.leave()
  await clock.advance(100)
  expect((await second).isMember()).toBe(true)
  expect((await on().list.list()).map(({ owner }) => owner)).toEqual(['host-2'])
})

test('an id that stays in use is refused with the name of its holder, and leaves nothing behind', async () => {
  const { clock, line, on } = nodes()
  const first = await on().join({ id: 'node-1' })
  const refused = on(undefined, 'host-2').join({ id: 'node-1', wait: '5s' })
  await Promise.all([
    expect(refused).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT',
      message: expect.stringContaining('host-1 is the member'),
    }),
    clock.advance(6_000),
  ])
  expect((await line(LINE)).claims).toHaveLength(1)
  expect(first.isMember()).toBe(true)
})

test('a member whose id was taken from it is gone from the list as well', async () => {
  const { clock, line, on } = nodes()
  const one = on()
  const seat = await one.join({ id: 'node-1' })
  await clock.advance(200)
  const token = (await line(`${LINE}:m/node-1`)).claims[0]?.token ?? 0n
  await one.locks.evict(`${LINE}:m/node-1`, { token, reason: 'a test' })
  await clock.advance(1_000)
  expect(seat.signal.aborted).toBe(true)
  expect(await one.list.list()).toEqual([])
})

test('what cannot be meant is refused before anything is sent', async () => {
  const { on } = nodes()
  const { locks, join } = on()
  expect(() => members(locks, 'a:m/b')).toThrow(/must not have ":m\/" in it/)
  await expect(join({ id: 'a\nb' })).rejects.toThrow(/id must not be empty, and be one line/)
  await expect(join({ id: '' })).rejects.toThrow(/must not be empty/)
  await expect(join({ metadata: 'x'.repeat(3_801) })).rejects.toThrow(/at most 3800 bytes/)
  await expect(join({ stopWithin: '1s' } as object)).rejects.toThrow(/no option "stopWithin"/)
})
