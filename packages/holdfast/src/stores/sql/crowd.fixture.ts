/** A crowd of two processes on one line: the case that the SQL stores share. */
import { expect } from 'vitest'
import type { OpenStore } from '../../store/store.ts'
import { claim, turnOf } from '../claims.fixture.ts'
import { IN_RECORD_MAX } from '../records/thin-line.ts'

export interface CrowdStage {
  readonly line: string
  readonly stores: readonly [OpenStore, OpenStore]
  /** How long a waiter waits for a hint. @default a second, for stores that push */
  readonly heartbeatMs?: number
  /** The rows of the line in the table of waiters. */
  rows(): Promise<number>
}

/** `gathered` looks into the database while all of them stand in line. */
export async function expectTurnsInOrder(
  { line, stores, heartbeatMs, rows }: CrowdStage,
  gathered: () => Promise<void> = async () => undefined,
): Promise<void> {
  const half = IN_RECORD_MAX + 10
  const groups = stores.map((store) => ({
    store,
    claims: Array.from({ length: half }, () => claim(line, { ttlMs: 60_000 })),
  }))
  for (const { store, claims } of groups) await Promise.all(claims.map((asked) => store.enter(asked)))
  expect(await rows()).toBe(2 * half - 1)
  expect((await stores[1].look(line)).claims).toHaveLength(2 * half)
  await gathered()
  let last = 0n
  for (const { store, asked } of groups.flatMap(({ store, claims }) => claims.map((asked) => ({ store, asked })))) {
    const { token } = await turnOf(store, asked, heartbeatMs)
    expect(token).toBeGreaterThan(last)
    last = token
    await store.leave({ ...asked, token })
  }
  expect(await rows()).toBe(0)
}
