/** What becomes of the work of a partition on virtual time: that stops, does not stop, throws, returns early or loses its lease. */
import { describe, expect, test } from 'vitest'
import { groupWorld, line, untilStopped } from './group.fixture.ts'

const TTL_MS = 9_000
const SETTLED_MS = 3_000

describe('a work', () => {
  test('that ignores stopping loses its lease and not sooner, and health says so', async () => {
    const { clock, doubles, atWork, member } = groupWorld(2)
    const { promise, resolve } = Promise.withResolvers<void>()
    const one = member({ drainWithin: '5s' }, { work: () => promise })
    await clock.advance(SETTLED_MS)
    const two = member()
    await clock.advance(SETTLED_MS + 5_000)
    expect(one.events).toContain('stuck 1')
    expect(one.group.health()).toMatchObject({ state: 'stuck', ready: false })
    expect(two.group.health().owned).toEqual([])
    await clock.advance(TTL_MS)
    expect(two.group.health().owned).toEqual([1])
    expect([atWork.size, doubles]).toEqual([2, []])
    resolve()
    await clock.advance(1_000)
    expect(one.group.health().state).toBe('member')
  })

  test('that throws drains the others, leaves the group, and is what run rejects with', async () => {
    const { clock, member } = groupWorld(3)
    const one = member(
      {},
      {
        async work(partition) {
          await untilStopped(partition)
          if (partition.index === 2) throw new Error('no disk')
        },
      },
    )
    await clock.advance(SETTLED_MS)
    const two = member()
    await clock.advance(2 * SETTLED_MS)
    expect(one.ended).toMatch(/no disk/)
    expect(two.group.health().owned).toEqual([0, 1, 2])
  })

  test('that throws what stopping gave it has stopped', async () => {
    const { clock, member } = groupWorld(2)
    const one = member(
      {},
      {
        async work({ stopping }) {
          await untilStopped({ stopping })
          stopping.throwIfAborted()
        },
      },
    )
    await clock.advance(SETTLED_MS)
    const two = member()
    await clock.advance(SETTLED_MS)
    expect([one.ended, two.group.health().owned]).toEqual([undefined, [1]])
  })

  test('that is lost and throws begins anew, and that is no failure of the group', async () => {
    const { clock, atWork, member } = groupWorld(2)
    const one = member(
      {},
      { work: ({ signal }) => untilStopped({ stopping: signal }).then(() => Promise.reject(new Error('stale'))) },
    )
    await clock.advance(SETTLED_MS)
    await one.locks.evict(line('p/1'), { token: atWork.get(1) ?? 0n, reason: 'a test' })
    await clock.advance(1_000)
    expect([one.ended, one.group.health().owned]).toEqual([undefined, [0, 1]])
  })

  test('whose partition is given back to it while its work still stops begins anew', async () => {
    const { clock, begun, member } = groupWorld(2)
    const { promise, resolve } = Promise.withResolvers<void>()
    const one = member(
      {},
      { work: ({ index, stopping }) => (index === 1 && begun.length === 2 ? promise : untilStopped({ stopping })) },
    )
    await clock.advance(SETTLED_MS)
    const two = member()
    await clock.advance(SETTLED_MS)
    expect(one.events).toContain('revoked 1')
    two.stop.abort()
    await clock.advance(SETTLED_MS)
    expect(two.ended).toBe('resolved')
    resolve()
    await clock.advance(1_000)
    expect(one.group.health().owned).toEqual([0, 1])
    expect(begun).toHaveLength(3)
  })

  test('that returned early keeps its partition idle until it is given to another member', async () => {
    const { clock, begun, member } = groupWorld(2)
    const one = member({}, { work: async () => undefined })
    await clock.advance(3 * TTL_MS)
    expect(one.group.health().owned).toEqual([0, 1])
    expect(begun).toHaveLength(2)
    const two = member()
    await clock.advance(SETTLED_MS)
    expect([one, two].map(({ group }) => group.health().owned)).toEqual([[0], [1]])
  })

  test('that waits for its own release ends, and begins anew', async () => {
    const { clock, begun, member } = groupWorld(1)
    const outcomes: string[] = []
    member(
      {},
      {
        async work(partition) {
          if (begun.length === 1) outcomes.push(await partition.release())
          else await untilStopped(partition)
        },
      },
    )
    await clock.advance(SETTLED_MS)
    expect([outcomes, begun.length]).toEqual([['unknown'], 2])
  })
})
