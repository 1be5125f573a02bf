/** What a group promises on virtual time: one owner a partition, few moves, and nothing left over when members come and go. */
import { describe, expect, test } from 'vitest'
import { GROUP, groupWorld, line, untilStopped } from './group.fixture.ts'
import { partitions } from './index.ts'

const TTL_MS = 9_000
const SETTLED_MS = 3_000
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

describe('a group', () => {
  test('gives each partition one owner, and moves the fewest when a member joins', async () => {
    const { clock, atWork, begun, doubles, member } = groupWorld(12)
    const [one, two] = [member(), member()]
    await clock.advance(SETTLED_MS)
    expect([one.group.health().owned.length, two.group.health().owned.length]).toEqual([6, 6])
    expect(atWork.size).toBe(12)
    const three = member()
    await clock.advance(SETTLED_MS)
    expect([one, two, three].map(({ group }) => group.health().owned.length)).toEqual([4, 4, 4])
    expect(begun).toHaveLength(16)
    expect([atWork.size, doubles]).toEqual([12, []])
    expect(one.events).toEqual([expect.stringContaining('assigned'), expect.stringMatching(/^revoked \d+ \d+$/)])
    expect(three.group.health()).toMatchObject({ state: 'member', ready: true })
  })

  test('makes one assignment of members that join within the time to settle', async () => {
    const { clock, client, member } = groupWorld(3)
    let generations = 0
    void (async () => {
      for await (const _ of partitions(client().locks, GROUP, { count: 3 }).observe()) generations += 1
    })()
    for (let joined = 0; joined < 3; joined += 1) {
      member()
      await clock.advance(300)
    }
    await clock.advance(SETTLED_MS)
    expect(generations).toBe(1)
  })

  test('hands a partition over when its work has returned, and not before', async () => {
    const { clock, atWork, member } = groupWorld(2)
    const { promise, resolve } = Promise.withResolvers<void>()
    const one = member({}, { work: () => promise })
    await clock.advance(SETTLED_MS)
    const two = member()
    await clock.advance(20_000)
    expect([one.group.health().owned, two.group.health().owned]).toEqual([[0, 1], []])
    expect(two.group.health().ready).toBe(false)
    const before = atWork.get(1) ?? 0n
    resolve()
    await clock.advance(1_000)
    expect([one.group.health().owned, two.group.health().owned]).toEqual([[0], [1]])
    expect(atWork.get(1)).toBeGreaterThan(before)
  })

  test('takes up all partitions of a member that fell silent within its ttl and the time to settle', async () => {
    const { clock, atWork, doubles, member } = groupWorld(12)
    let isAway = false
    const silent = member({}, { plan: () => (isAway ? { kind: 'unavailable' } : undefined) })
    const two = member()
    await clock.advance(SETTLED_MS)
    isAway = true
    await clock.advance(TTL_MS + SETTLED_MS)
    expect(two.group.health().owned).toEqual(range(12))
    expect([atWork.size, doubles]).toEqual([12, []])
    isAway = false
    await clock.advance(TTL_MS + SETTLED_MS)
    expect([silent, two].map(({ group }) => group.health().owned.length)).toEqual([6, 6])
    expect([atWork.size, doubles]).toEqual([12, []])
  })

  test('learns of a pause past the ttl at the first step, joins anew, and runs no work twice', async () => {
    const { clock, atWork, doubles, member } = groupWorld(4)
    const one = member()
    await clock.advance(SETTLED_MS)
    clock.suspend(3 * TTL_MS)
    expect(one.group.health().owned).toEqual([])
    await clock.advance(TTL_MS + SETTLED_MS)
    expect(one.group.health()).toEqual({ state: 'member', owned: [0, 1, 2, 3], ready: true })
    expect([atWork.size, doubles]).toEqual([4, []])
  })

  test('begins a partition anew that was taken from its owner alone', async () => {
    const { clock, atWork, member } = groupWorld(2)
    const one = member()
    await clock.advance(SETTLED_MS)
    const token = atWork.get(1) ?? 0n
    await one.locks.evict(line('p/1'), { token, reason: 'a test' })
    await clock.advance(1_000)
    expect(one.events).toContain('lost 1')
    expect(atWork.get(1)).toBeGreaterThan(token)
    expect(one.events.filter((event) => event.startsWith('revoked'))).toEqual([])
  })

  test('shares by weight, and a member beyond the number of partitions is ready and has none', async () => {
    const { clock, member } = groupWorld(4)
    const [heavy, light, idle] = [member({ share: 3 }), member(), member()]
    await clock.advance(SETTLED_MS)
    expect(heavy.group.health().owned.length).toBeGreaterThanOrEqual(2)
    const spare = member()
    await clock.advance(SETTLED_MS)
    const none = [light, idle, spare].filter(({ group }) => group.health().owned.length === 0)
    expect(none.length).toBeGreaterThan(0)
    for (const { group } of none) expect(group.health()).toMatchObject({ state: 'member', ready: true })
  })

  test('goes on with the assignment when the member that made it is gone, and no partition that stays is interrupted', async () => {
    const { clock, begun, member } = groupWorld(12)
    const [leader, two, three] = [member(), member(), member()]
    await clock.advance(SETTLED_MS)
    const before = (await two.group.assignment())?.generation ?? 0n
    leader.stop.abort()
    await clock.advance(SETTLED_MS)
    expect(leader.ended).toBe('resolved')
    expect([two, three].map(({ group }) => group.health().owned.length)).toEqual([6, 6])
    expect(begun).toHaveLength(16)
    expect((await two.group.assignment())?.generation).toBeGreaterThan(before)
  })

  test('gives the partitions of a member that leaves to others while it drains', async () => {
    const { clock, atWork, member } = groupWorld(2)
    const { promise, resolve } = Promise.withResolvers<void>()
    const leaving = member({}, { work: ({ index, stopping }) => (index === 0 ? promise : untilStopped({ stopping })) })
    await clock.advance(SETTLED_MS)
    const two = member()
    await clock.advance(100)
    leaving.stop.abort()
    await clock.advance(SETTLED_MS)
    expect([leaving.ended, two.group.health().owned]).toEqual([undefined, [1]])
    resolve()
    await clock.advance(100)
    expect([leaving.ended, two.group.health().owned]).toEqual(['resolved', [0, 1]])
    expect(atWork.size).toBe(2)
  })

  test('leaves nothing behind when all have left', async () => {
    const { clock, line: look, member } = groupWorld(3)
    const all = [member(), member({ id: 'pod-1' })]
    await clock.advance(SETTLED_MS)
    for (const { stop } of all) stop.abort()
    await clock.advance(SETTLED_MS)
    expect(all.map(({ ended }) => ended)).toEqual(['resolved', 'resolved'])
    for (const part of ['members', 'm/pod-1', 'leader', 'assignment', 'p/0', 'p/1', 'p/2']) {
      expect((await look(line(part))).claims).toEqual([])
    }
  })
})

describe('a member with an id', () => {
  test('that restarts within rejoinWithin finds its partitions, and the others are not disturbed', async () => {
    const { clock, begun, member } = groupWorld(4)
    const two = member({ id: 'pod-2' })
    await clock.advance(100)
    const one = member({ id: 'pod-1', rejoinWithin: '1m' })
    await clock.advance(SETTLED_MS)
    const { owned } = one.group.health()
    const generation = (await two.group.assignment())?.generation
    void one.group.restart()
    await clock.advance(20_000)
    expect([one.ended, two.group.health().owned.length]).toEqual(['resolved', 2])
    const again = member({ id: 'pod-1' })
    await clock.advance(SETTLED_MS)
    expect(again.group.health().owned).toEqual(owned)
    expect((await two.group.assignment())?.generation).toBe(generation)
    expect(begun).toHaveLength(6)
  })

  test('that does not come back is waited for so long and no longer', async () => {
    const { clock, member } = groupWorld(4)
    let isAway = false
    member({ id: 'pod-1', rejoinWithin: '30s' }, { plan: () => (isAway ? { kind: 'unavailable' } : undefined) })
    const two = member({ id: 'pod-2' })
    await clock.advance(SETTLED_MS)
    isAway = true
    await clock.advance(TTL_MS + 25_000)
    expect(two.group.health().owned).toHaveLength(2)
    await clock.advance(10_000)
    expect(two.group.health().owned).toHaveLength(4)
  })

  test('that is in use is waited for, and then refused with the name of its holder', async () => {
    const { clock, member } = groupWorld(2)
    member({ id: 'pod-1' }, { client: { owner: 'host-1' } })
    await clock.advance(SETTLED_MS)
    const second = member({ id: 'pod-1', wait: '20s' })
    await clock.advance(10_000)
    expect([second.ended, second.group.health()]).toEqual([undefined, { state: 'joining', owned: [], ready: false }])
    await clock.advance(12_000)
    expect(second.ended).toMatch(/host-1 is the member "pod-1"/)
  })
})

test('a client that is closed ends the run with its reason, when the works have returned', async () => {
  const { clock, member } = groupWorld(2)
  const one = member()
  await clock.advance(SETTLED_MS)
  await Promise.all([one.locks.close(), clock.advance(6_000)])
  expect(one.ended).toMatch(/this client was closed/)
  expect(clock.timers).toBe(0)
})

test('a member that says another count is refused with both numbers', async () => {
  const { clock, member } = groupWorld(12)
  member()
  await clock.advance(SETTLED_MS)
  const other = member({ count: 16 })
  await clock.advance(SETTLED_MS)
  expect(other.ended).toMatch(/capacity of 12, this call says 16.*give the group a new name/)
})

test('observers see who is to own what, in generations that rise', async () => {
  const { clock, client, member } = groupWorld(2)
  const seen: { readonly generation: bigint; readonly owners: readonly (string | null)[] }[] = []
  const watcher = partitions(client().locks, GROUP, { count: 2 })
  expect(await watcher.assignment()).toBe(null)
  void (async () => {
    for await (const assignment of watcher.observe()) seen.push(assignment)
  })()
  member({ id: 'pod-1' })
  await clock.advance(SETTLED_MS)
  member({ id: 'pod-2' })
  await clock.advance(SETTLED_MS)
  expect(seen.map(({ owners }) => owners)).toEqual([
    ['pod-1', 'pod-1'],
    ['pod-1', 'pod-2'],
  ])
  expect(seen[1]?.generation).toBeGreaterThan(seen[0]?.generation ?? 0n)
})

test('what cannot be meant is refused before anything is sent', async () => {
  const { client, member } = groupWorld(2)
  const { locks } = client()
  expect(() => partitions(locks, GROUP, { count: 1_001 })).toThrow(/count must be a whole number from 1 to 1000/)
  expect(() => partitions(locks, GROUP, { count: 2, share: 0 })).toThrow(/share must be/)
  expect(() => partitions(locks, GROUP, { count: 2, rejoinWithin: '1m' })).toThrow(/rejoinWithin needs an id/)
  expect(() => partitions(locks, GROUP, { count: 2, signal: undefined } as never)).toThrow(/no option "signal"/)
  const { group } = member()
  await expect(group.run(untilStopped)).rejects.toThrow(/once at a time/)
  await expect(group.restart()).rejects.toThrow(/restart\(\) needs an id/)
})
