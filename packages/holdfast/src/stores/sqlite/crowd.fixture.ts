/** Lines in which many wait, for the tests of rows. */
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import type { Claim } from '../../store/claim.ts'
import type { OpenStore } from '../../store/store.ts'
import { type Clock, systemClock } from '../../time/clock.ts'
import { IN_RECORD_MAX } from '../records/thin-line.ts'
import { claimOf } from './processes.fixture.ts'

/** More than a record keeps. */
export const CROWD: number = IN_RECORD_MAX + 30
export const HOUR_MS = 3_600_000
/** The clocks of machines that were started lately, and that have been up for longer than any that this runs on. */
export const [BOOTED_MS, OLD_MS] = [60_000, 1e11]

type Enters = Pick<OpenStore, 'enter'>

/** The first one holds. */
export async function crowdIn(store: Enters, count = CROWD, changes: Partial<Claim> = {}): Promise<Claim[]> {
  const claims: Claim[] = []
  for (let index = 0; index < count; index += 1) {
    const claim = claimOf(changes)
    expect((await store.enter(claim)).kind).toBe(index === 0 ? 'held' : 'queued')
    claims.push(claim)
  }
  return claims
}

export function at(claims: readonly Claim[], index: number): Claim {
  const claim = claims.at(index)
  if (claim === undefined) throw new Error('no such claim')
  return claim
}

/** The waiters that are rows, and the length of the longest record. */
export function inFile(path: string): { readonly rows: number; readonly longest: number } {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const found = database
      .prepare('SELECT (SELECT count(*) FROM waiter) AS rows, (SELECT max(length(record)) FROM line) AS longest')
      .get()
    return { rows: Number(found?.['rows']), longest: Number(found?.['longest']) }
  } finally {
    database.close()
  }
}

/** Clocks that stand still but for the test; by default those of this machine. */
export function movable(monotonicMs = systemClock.monotonicMs()): {
  readonly clock: Clock
  move(ms: number): void
  setWall(byMs: number): void
} {
  let [passedMs, wallMs] = [0, 0]
  const startMs = systemClock.wallMs()
  return {
    clock: {
      ...systemClock,
      monotonicMs: () => monotonicMs + passedMs,
      wallMs: () => startMs + passedMs + wallMs,
    },
    move: (ms) => void (passedMs += ms),
    setWall: (byMs) => void (wallMs += byMs),
  }
}

export async function waiting(store: Enters): Promise<Claim> {
  const claim = claimOf()
  await store.enter(claim)
  return claim
}
