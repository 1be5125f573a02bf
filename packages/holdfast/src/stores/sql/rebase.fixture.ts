/** What moving the scale of tokens promises on every database: the cases that its stores share. */
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { expect, test } from 'vitest'
import type { OpenStore, Store } from '../../store/store.ts'
import { again, claim, held, takeAndLeave, turnOf } from '../claims.fixture.ts'
import { IN_RECORD_MAX } from '../records/thin-line.ts'

export const nowUs = (): bigint => BigInt(Date.now()) * 1000n
export const HOUR_US = 3_600_000_000n

export interface RebaseStage<Driver extends string> {
  readonly drivers: readonly Driver[]
  /** How long a waiter waits for a hint. @default a second, for stores that push */
  readonly heartbeatMs?: number
  /** A store of that table over a URL, or over a small pool of that driver. */
  store(table: string, driver?: Driver): Store
  opened(store: Store): Promise<OpenStore>
  /** Carries out a statement as a person would. */
  ask(statement: string): Promise<unknown>
  /** As it stands in a statement. */
  named(table: string): string
}

let tables = 0
const newTable = (): string => `lines${(tables += 1)}`

export function testRebase<Driver extends string>(stage: RebaseStage<Driver>): void {
  testRaising(stage)
  testLowering(stage)
}

function testRaising<Driver extends string>(stage: RebaseStage<Driver>): void {
  test('raised, the next tokens of known and of new names come behind the new base, and holders keep theirs', async () => {
    const table = newTable()
    const [store, other] = [await stage.opened(stage.store(table)), await stage.opened(stage.store(table))]
    await takeAndLeave(other, 'n!known')
    const asked = claim('n!held')
    const { token } = held(await store.enter(asked))
    const to = nowUs() + HOUR_US
    expect(await store.rebase?.()).toEqual({ highest: token })
    expect(await store.rebase?.(to)).toEqual({ highest: token })
    expect(await store.renew([{ ref: { ...asked, token }, ttlMs: 5_000 }])).toMatchObject([{ kind: 'held', token }])
    for (const name of ['n!known', 'n!new']) expect(await takeAndLeave(other, name)).toBe(to + 1n)
    expect(await store.leave({ ...asked, token })).toBe('left')
    expect(await takeAndLeave(store, 'n!held')).toBe(to + 1n)
    expect(await store.rebase?.()).toEqual({ highest: to + 1n })
    expect(await store.list('', undefined, 10)).toEqual({ resources: [] })
  })

  test.each(stage.drivers)(
    'raised amid the work of other processes, no later grant is below the base: %s',
    { timeout: 60_000 },
    async (driver) => {
      const table = newTable()
      const stores = await Promise.all(Array.from({ length: 4 }, () => stage.opened(stage.store(table, driver))))
      await expectRaisedAmidWork(stores, stage.heartbeatMs)
    },
  )
}

function testLowering<Driver extends string>(stage: RebaseStage<Driver>): void {
  test('lowered, the tokens come right behind the new base, while nobody holds or waits', async () => {
    const table = newTable()
    const store = await stage.opened(stage.store(table))
    await store.rebase?.(nowUs() + 48n * HOUR_US)
    const asked = claim('n!held')
    const { token } = held(await store.enter(asked))
    await expect(store.rebase?.(nowUs())).rejects.toThrow(/when nobody holds or waits/)
    expect(await store.renew([{ ref: { ...asked, token }, ttlMs: 5_000 }])).toMatchObject([{ kind: 'held', token }])
    expect(await store.leave({ ...asked, token })).toBe('left')
    // One whose process died counts no more once it is over.
    const dead = claim('n!dead', { ttlMs: 100 })
    held(await store.enter(dead))
    await expect.poll(async () => (await store.look('n!dead')).claims).toEqual([])
    const to = nowUs()
    await store.rebase?.(to)
    for (const name of ['n!held', 'n!dead', 'n!fresh']) {
      const lowered = await takeAndLeave(store, name)
      expect(lowered).toBeGreaterThan(to)
      expect(lowered - nowUs()).toBeLessThan(1_000_000n)
    }
    await stage.ask(`UPDATE ${stage.named(table)} SET claims = 'x' WHERE resource = 'n!dead'`)
    await expect(store.rebase?.(to)).rejects.toThrow(/record of n!dead is damaged/)
  })

  test('not lowered while a crowd waits, though its rows alone live on', async () => {
    const table = newTable()
    const store = await stage.opened(stage.store(table))
    await store.rebase?.(nowUs() + HOUR_US)
    const holder = claim('n!crowd', { ttlMs: 60_000 })
    const { token } = held(await store.enter(holder))
    const waiting = Array.from({ length: IN_RECORD_MAX + 10 }, () => claim('n!crowd', { ttlMs: 60_000 }))
    await Promise.all(waiting.map((asked) => store.enter(asked)))
    // Its life ends with this answer, and no step of the line has seen that yet.
    expect(await store.renew([{ ref: { ...holder, token }, ttlMs: 1 }])).toMatchObject([{ kind: 'held' }])
    await expect.poll(async () => (await store.look('n!crowd')).claims[0]?.state).not.toBe('held')
    await expect(store.rebase?.(nowUs())).rejects.toThrow(/when nobody holds or waits/)
    for (const asked of waiting) await store.leave(asked)
    await store.rebase?.(nowUs())
    expect(await takeAndLeave(store, 'n!crowd')).toBeLessThan(token)
  })
}

async function expectRaisedAmidWork(stores: readonly OpenStore[], heartbeatMs?: number): Promise<void> {
  let isDone = false
  const grants: { readonly askedAtMs: number; readonly token: bigint }[] = []
  const work = stores.map(async (store, index) => {
    for (let round = 0; !isDone; round += 1) {
      // Names that are new and names that others take as well.
      const asked = claim(round % 2 === 0 ? `n!new-${index}-${round}` : 'n!shared')
      const askedAtMs = performance.now()
      const { token } = await turnOf(store, asked, heartbeatMs)
      grants.push({ askedAtMs, token })
      await again(() => store.leave({ ...asked, token }))
    }
  })
  const to = nowUs() + HOUR_US
  await expect.poll(() => grants.length, { timeout: 30_000 }).toBeGreaterThan(50)
  await again(async () => stores[0]?.rebase?.(to))
  const raisedAtMs = performance.now()
  const later = (): typeof grants => grants.filter(({ askedAtMs }) => askedAtMs > raisedAtMs)
  await expect.poll(() => later().length, { timeout: 30_000 }).toBeGreaterThan(50)
  isDone = true
  await Promise.all(work)
  promised(() => expect(later().filter(({ token }) => token <= to)).toEqual([]))
}
