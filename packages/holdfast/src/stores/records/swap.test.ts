/** A store on compare-and-set beyond the conformance cases: what travels together, what a crowd costs, how long a record gets. */
import { expect, test } from 'vitest'
import { type Claim, newClaimId } from '../../store/claim.ts'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import { TOKEN_JUMP_MS_MAX } from '../../store/limits.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { opened } from '../opened.fixture.ts'
import { Remote } from './remote.fixture.ts'
import { swapStore } from './swap.ts'
import type { StoredText } from './swap-engine.ts'

function claimOf(changes: Partial<Claim> = {}): Claim {
  return {
    resource: 'n!lock',
    id: newClaimId(),
    weight: 1,
    capacity: 1,
    ttlMs: 60_000,
    queue: true,
    lockDelayMs: 0,
    note: '',
    owner: 'a test',
    ...changes,
  }
}

const remote = (): Remote => new Remote({ expiry: 'engine', wakeUp: 'push' })

test('an uncontended pair is two reads and two swaps', async () => {
  const service = remote()
  const store = await opened(service.store(), virtualClock())
  const claim = claimOf()
  await store.enter(claim)
  await store.leave({ resource: claim.resource, id: claim.id })
  expect([service.reads, service.swaps]).toEqual([2, 2])
})

test('what one process asks of a line while a change is in flight travels in one write', async () => {
  const service = remote()
  const store = await opened(service.store(), virtualClock())
  const claims = Array.from({ length: 60 }, () => claimOf())
  const standings = await Promise.all(claims.map((claim) => store.enter(claim)))
  expect(standings.filter(({ kind }) => kind === 'held')).toHaveLength(1)
  expect(standings.map((standing) => ('ahead' in standing ? standing.ahead : -1))).toEqual(
    claims.map((_, index) => index - 1),
  )
  expect(service.swaps).toBeLessThanOrEqual(2)
})

test('an ask that was not sent yet serves its repetition as well', async () => {
  const service = remote()
  const store = await opened(service.store(), virtualClock())
  const [first, repeated] = [claimOf(), claimOf()]
  const asks = [store.enter(first), ...Array.from({ length: 20 }, () => store.enter(repeated))]
  const standings = await Promise.all(asks)
  expect(new Set(standings.slice(1)).size).toBe(1)
  expect((await store.look('n!lock')).claims).toHaveLength(2)
})

test('two processes that change a line at the same moment both get their answers', async () => {
  const service = remote()
  const clock = virtualClock()
  const stores = await Promise.all([0, 1].map(() => opened(service.store(), clock)))
  const standings = await Promise.all(stores.map((store) => store.enter(claimOf())))
  expect(standings.map(({ kind }) => kind).toSorted()).toEqual(['held', 'queued'])
})

test('a record grows to 32 KiB and no further: the next claim is refused as full, and the others are served', async () => {
  const service = remote()
  const store = await opened(service.store(), virtualClock())
  const note = 'x'.repeat(1_000)
  const standings = await Promise.all(Array.from({ length: 60 }, () => store.enter(claimOf({ note }))))
  const kinds = standings.map((standing) => (standing.kind === 'refused' ? standing.because : standing.kind))
  expect(kinds.filter((kind) => kind === 'full').length).toBeGreaterThan(20)
  expect(kinds.filter((kind) => kind === 'queued').length).toBeGreaterThan(20)
  const { claims } = await store.look('n!lock')
  expect(claims).toHaveLength(kinds.filter((kind) => kind !== 'full').length)
})

test('a line that another process changes all the time is not applied, and not asked for ever', async () => {
  let swaps = 0
  const { facts } = await opened(remote().store(), virtualClock())
  const store = await opened(
    swapStore(async () => ({
      facts,
      read: async () => ({ nowMs: 1_000 }),
      swap: async () => {
        swaps += 1
        return {}
      },
      list: async () => [],
    })),
  )
  await expect(store.enter(claimOf())).rejects.toThrow(NotApplied)
  expect(swaps).toBe(3)
})

test('a record that nobody of us wrote is refused and named, and not written over', async () => {
  const { facts } = await opened(remote().store(), virtualClock())
  let swaps = 0
  const store = await opened(
    swapStore(async () => ({
      facts,
      read: async () => ({ stored: { text: 'somebody else', version: '7' }, nowMs: 1_000 }),
      swap: async () => {
        swaps += 1
        return {}
      },
      list: async () => ['n!lock'],
    })),
  )
  await expect(store.enter(claimOf())).rejects.toThrow(/record of n!lock is damaged/)
  await expect(store.look('n!lock')).rejects.toThrow(StoreUnavailable)
  expect(await store.list('n!', undefined, 10)).toEqual({ resources: ['n!lock'] })
  expect(swaps).toBe(0)
})

test('an engine whose facts say that it judges expiry must bring its clock', async () => {
  const { facts } = await opened(remote().store(), virtualClock())
  const store = await opened(
    swapStore(async () => ({
      facts,
      read: async () => ({}),
      swap: async () => ({ version: '1' }),
      list: async () => [],
    })),
  )
  await expect(store.enter(claimOf())).rejects.toThrow(/brought no clock/)
})

test('tokens follow the clock of an engine that jumps for an hour at most, by the clock of the process that saw it before', async () => {
  const clock = virtualClock()
  const { facts } = await opened(remote().store(), clock)
  let aheadMs = 0
  const texts = new Map<string, StoredText>()
  const store = await opened(
    swapStore(async () => ({
      facts,
      read: async (key) => ({ stored: texts.get(key), nowMs: clock.wallMs() + aheadMs }),
      swap: async (key, seen, text) => {
        const version = String(Number(seen ?? 0) + 1)
        texts.set(key, { text, version })
        return { version }
      },
      list: async () => [],
    })),
    clock,
  )
  const tokenAheadMs = async (resource: string): Promise<number> => {
    const standing = await store.enter(claimOf({ resource }))
    return standing.kind === 'held' ? Number(standing.token / 1000n) - clock.wallMs() : Number.NaN
  }
  expect(await tokenAheadMs('n!before')).toBe(0)
  aheadMs = 2 * 24 * 60 * 60 * 1000
  expect(await tokenAheadMs('n!meanwhile')).toBe(TOKEN_JUMP_MS_MAX)
  aheadMs = 0
  expect(await tokenAheadMs('n!after')).toBe(0)
})

test('without a clock of the engine an uncontended pair of a known line is two swaps and no read', async () => {
  const service = new Remote({ expiry: 'observed', wakeUp: 'poll' })
  const store = await opened(service.store(), virtualClock())
  const pair = async (): Promise<void> => {
    const claim = claimOf()
    await store.enter(claim)
    await store.leave({ resource: claim.resource, id: claim.id })
  }
  await pair()
  ;[service.reads, service.swaps] = [0, 0]
  await pair()
  expect([service.reads, service.swaps]).toEqual([0, 2])
})

test('what this process saw last grants nothing and refuses nobody: another one has changed the line since', async () => {
  const service = new Remote({ expiry: 'observed', wakeUp: 'poll' })
  const clock = virtualClock()
  const [store, other] = [await opened(service.store(), clock), await opened(service.store(), clock)]
  const [first, second] = [claimOf({ queue: false }), claimOf({ queue: false })]
  await store.enter(first)
  await store.leave(first)
  const { token } = (await other.enter(second)) as { readonly token: bigint }
  expect(await store.enter(first)).toMatchObject({ kind: 'refused', because: 'busy' })
  await other.leave({ ...second, token })
  expect(await store.enter(first)).toMatchObject({ kind: 'held' })
})
