/** What every ledger in a database does with entries that have an end. */
import { expect } from 'vitest'
import type { Fenced } from '../../lease/lease.ts'
import { StaleToken } from '../../store/errors.ts'
import { type Clock, systemClock } from '../../time/clock.ts'
import type { LedgerPutOptions } from '../ledger-terms.ts'

type MaybePromise<T> = Promise<T> | T

interface PrunedLedger {
  get(lock: Pick<Fenced, 'namespace' | 'name'>): MaybePromise<{ readonly value: string } | null>
  enter(lease: Fenced): MaybePromise<unknown>
  put(lease: Fenced, value: string, options?: LedgerPutOptions): MaybePromise<void>
  prune(): MaybePromise<number>
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const keep = '1h'

function holder(name: string, token: bigint): Fenced {
  return { namespace: 'shop', name, mode: 'exclusive', token, assertHeld: () => undefined }
}

function ahead(aheadMs: number): Clock {
  return { ...systemClock, wallMs: () => systemClock.wallMs() + aheadMs }
}

/** All ledgers are over the same tables. */
export async function judgePruning(ledgerBy: (clock: Clock) => PrunedLedger): Promise<void> {
  const book = ledgerBy(systemClock)
  const token = BigInt(Date.now()) * 1_000n
  const lock = (name: string) => ({ namespace: 'shop', name })
  await book.put(holder('kept', token), 'kept', { keep })
  await book.put(holder('for good', token), 'for good')
  await book.put(holder('changed', token), 'begun', { keep })
  await book.put(holder('changed', token), 'for good after all')
  await book.put(holder('entered', token), 'entered', { keep })
  await book.enter(holder('entered', token + 1n))
  // A counted token does not tell when its holder came.
  await book.put(holder('counted', 33n), 'counted', { keep })
  await book.enter(holder('counted', 34n))

  expect(await book.prune()).toBe(0)
  expect(await ledgerBy(ahead(DAY_MS)).prune()).toBe(0)
  await expect((async () => await book.enter(holder('kept', token - 1n)))()).rejects.toThrow(StaleToken)
  const later = ledgerBy(ahead(DAY_MS + 2 * HOUR_MS))
  expect(await later.prune()).toBe(2)
  expect(await later.prune()).toBe(0)
  const values = ['kept', 'for good', 'changed', 'entered', 'counted'].map(async (name) => await book.get(lock(name)))
  expect((await Promise.all(values)).map((entry) => entry?.value)).toEqual([
    undefined,
    'for good',
    'for good after all',
    undefined,
    'counted',
  ])
  // The mark went with its entry, and those of the others stay.
  await book.enter(holder('kept', token - 1n))
  await expect((async () => await book.enter(holder('counted', 33n)))()).rejects.toThrow(StaleToken)
}
