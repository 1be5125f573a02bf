/** How a lock in a database goes from waiter to waiter while few or many want it. */
import type { Figure, Settings, Suite } from '../figure.ts'
import { handOffFigures } from '../server/hand-off-figures.ts'
import type { HandOffJob, HandOffPart } from '../server/hand-off-worker.ts'
import type { LockerName } from '../server/open-locker.ts'
import { runWorkers } from '../worker-processes.ts'
import type { Kind } from './databases.ts'
import { stableKinds, withSqlServer } from './server.ts'

const HOLD_MS = 1
const PROCESSES = 2
const QUICK_SECONDS = 0.3
const CELLS = [
  { waiters: 2, p50Max: 2.5 },
  { waiters: 32, p50Max: 2.5 },
  { waiters: 200, p50Max: 4 },
] as const

export const sqlHandOff: Suite = {
  name: 'sql-hand-off',
  group: 'sql',
  about: `PostgreSQL and MariaDB, 2, 32 and 200 waiters of ${PROCESSES} processes take turns on one name, hold ${HOLD_MS} ms; in bare committed updates, measured beside them`,
  async run(settings) {
    const figures: Figure[] = []
    for (const kind of stableKinds)
      for (const cell of CELLS) figures.push(...(await sqlHandOffOf(kind, 'holdfast', cell, settings)))
    return figures
  },
}

export async function sqlHandOffOf(
  kind: Kind,
  locker: LockerName,
  { waiters, p50Max }: { readonly waiters: number; readonly p50Max: number },
  settings: Settings,
): Promise<readonly Figure[]> {
  const seconds = settings.quick ? QUICK_SECONDS : settings.seconds
  const each = waiters / PROCESSES
  return await withSqlServer(kind, async ({ url, readings }) => {
    const before = await readings()
    const jobs = Array.from({ length: PROCESSES }, () => ({ url, locker, waiters: each, holdMs: HOLD_MS, seconds }))
    const parts = await runWorkers<HandOffJob, HandOffPart>('./server/hand-off-worker.js', jobs)
    const where = `${kind.name}, ${waiters} waiters, ${locker}`
    const figures = handOffFigures(where, parts, {
      unit: 'commit',
      p50Max,
      seconds,
      isOurs: locker === 'holdfast',
      each,
    })
    const { logBytes = Number.NaN } = await readings()
    const holds = parts.reduce((sum, part) => sum + part.holds.length, 0)
    const kib = (logBytes - (before['logBytes'] ?? 0)) / 1024 / holds
    return Number.isNaN(kib)
      ? figures
      : [...figures, { what: `${where}: log per hand-off, with the bare updates`, unit: 'KiB', value: kib }]
  })
}
