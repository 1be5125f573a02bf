/** Members, and a group that shares partitions, on every store of this machine: servers are started once for both. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreCase, StoreUnderTest } from '../every-store.fixture.ts'
import { adopt, AlreadyAdopted, handOver } from '../hand-over/index.ts'
import { untilStopped } from '../partitions/group.fixture.ts'
import { type Partition, partitions } from '../partitions/index.ts'
import { members } from './index.ts'

const COUNT = 4

/** A run whose end is looked at later: where an expectation fails before, the end is no error of its own. */
function begun<T>(run: Promise<T>): Promise<T> {
  run.catch(() => undefined)
  return run
}

/** Three members see one another, and an observer sees them come and go. */
async function watch({ client, facts, expect }: StoreUnderTest): Promise<void> {
  const [one, two, watcher] = [client(), client(), client()].map((locks) => members(locks, 'nodes'))
  if (facts.unsupported.members !== undefined) {
    await expect(one?.join()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    return
  }
  const counts: number[] = []
  const followed = (async () => {
    for await (const present of watcher?.observe() ?? []) {
      counts.push(present.length)
      if (counts.includes(2) && present.length === 1) return
    }
  })()
  const seat = await one?.join({ id: 'node-1', metadata: 'here' })
  const other = await two?.join({ metadata: 'there' })
  expect((await watcher?.list())?.map(({ metadata }) => metadata)).toEqual(['here', 'there'])
  await expect.poll(() => counts.includes(2), { timeout: 15_000 }).toBe(true)
  await seat?.leave()
  await followed
  expect(await watcher?.list()).toMatchObject([{ id: other?.id, metadata: 'there' }])
  const again = await two?.join({ id: 'node-1' })
  expect(again?.isMember()).toBe(true)
}

/** Partitions move to a member that joins and back when it leaves, with tokens that rise. */
async function move(store: StoreUnderTest): Promise<void> {
  const { expect } = store
  const stop = [new AbortController(), new AbortController()]
  const tokens: bigint[][] = Array.from({ length: COUNT }, () => [])
  const work = async (partition: Partition): Promise<void> => {
    tokens[partition.index]?.push(partition.token)
    await untilStopped(partition)
  }
  const [one, two] = [store.client(), store.client()].map((locks) =>
    partitions(locks, 'orders', { count: COUNT, settle: '100ms' }),
  )
  const owned = () => [one, two].map((group) => group?.health().owned.length)
  const first = one?.run(work, { signal: stop[0]?.signal ?? AbortSignal.abort() })
  if (store.facts.unsupported.members !== undefined) {
    await expect(first).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    return
  }
  await expect.poll(owned, { timeout: 20_000 }).toEqual([4, 0])
  const second = two?.run(work, { signal: stop[1]?.signal ?? AbortSignal.abort() })
  await expect.poll(owned, { timeout: 20_000 }).toEqual([2, 2])
  expect((await one?.assignment())?.owners.every((owner) => owner !== null)).toBe(true)
  stop[0]?.abort()
  await first
  await expect.poll(owned, { timeout: 20_000 }).toEqual([0, 4])
  stop[1]?.abort()
  await second
  for (const each of tokens) {
    expect(each).toEqual(each.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(each.length).toBeGreaterThanOrEqual(2)
    expect(each.length).toBeLessThanOrEqual(3)
  }
}

/** The partitions of a member that left by `restart` wait for it. */
async function comeBack({ client, facts, expect }: StoreUnderTest): Promise<void> {
  if (facts.unsupported.members !== undefined || facts.unsupported.minimumHold !== undefined) return
  const stop = new AbortController()
  const group = (id: string) => partitions(client(), 'rolling', { count: 2, settle: '100ms', id, rejoinWithin: '20s' })
  const stays = group('pod-1')
  const staying = begun(stays.run(untilStopped, { signal: stop.signal }))
  await expect.poll(() => stays.health().owned, { timeout: 20_000 }).toHaveLength(2)
  const leaves = group('pod-2')
  const leaving = begun(leaves.run(untilStopped))
  await expect.poll(() => leaves.health().owned, { timeout: 20_000 }).toHaveLength(1)
  const { owned } = leaves.health()
  await leaves.restart()
  await leaving
  expect(stays.health().owned).toHaveLength(1)
  const back = group('pod-2')
  const again = begun(back.run(untilStopped, { signal: stop.signal }))
  await expect.poll(() => back.health().owned, { timeout: 20_000 }).toEqual(owned)
  stop.abort()
  await Promise.all([staying, again])
}

/** A lock goes from one client to another that goes on with its token, while a third one waits. */
async function handOn({ client, facts, expect }: StoreUnderTest): Promise<void> {
  const [first, second, third] = [client(), client(), client()]
  const lease = await first.acquire('deploy', { ttl: '1s' })
  if (facts.ttl.per === 'session') {
    await expect(handOver(first, lease)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    return
  }
  const text = await handOver(first, lease, { within: '30s' })
  await first.close()
  expect(await third.tryAcquire('deploy')).toBe(null)
  const adopted = await adopt(second, text, { ttl: '6s' })
  expect(adopted.sequencer).toBe(lease.sequencer)
  await expect(adopt(third, text)).rejects.toBeInstanceOf(AlreadyAdopted)
  // Longer than the first life; and the new one is long enough for a busy machine.
  await sleep(1_200)
  expect(adopted.isHeld()).toBe(true)
  expect(await third.tryAcquire('deploy')).toBe(null)
  expect(await adopted.release()).toBe('released')
  expect((await third.acquire('deploy')).token).toBeGreaterThan(BigInt(lease.tokenText))
}

export const membersCase: StoreCase = {
  name: 'members see one another, share partitions, and find their own after a restart, and hand a lock on',
  async body(store) {
    // Most of it is waiting for a store that is looked at once a second.
    await Promise.all([watch(store), move(store), comeBack(store), handOn(store)])
  },
}
