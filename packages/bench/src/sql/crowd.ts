/** Very many waiters on one name in a database, each once. */
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import type { CrowdJob, CrowdResult } from '../server/crowd-worker.ts'
import { runWorkers } from '../worker-processes.ts'
import type { Kind } from './databases.ts'
import { stableKinds, withSqlServer } from './server.ts'

const SIZES = [500, 1_000, 5_000] as const
const PROCESSES = 2
const HOLD_MS = 1
const WITHIN_MS = 180_000
const LOG_KIB_MAX = 1

export const sqlCrowd: Suite = {
  name: 'sql-crowd',
  group: 'sql',
  about: `PostgreSQL and MariaDB, ${SIZES.join(', ')} waiters of ${PROCESSES} processes on one name, each once, hold ${HOLD_MS} ms`,
  async run(settings) {
    const figures: Figure[] = []
    for (const kind of stableKinds) for (const size of SIZES) figures.push(...(await crowdOf(kind, size, settings)))
    return figures
  },
}

async function crowdOf(kind: Kind, size: number, settings: Settings): Promise<readonly Figure[]> {
  const waiters = sizeOf(size, settings)
  return await withSqlServer(kind, async ({ url, readings }) => {
    const before = await readings()
    const job = { url, locker: 'holdfast', waiters: waiters / PROCESSES, holdMs: HOLD_MS, withinMs: WITHIN_MS } as const
    const results = await runWorkers<CrowdJob, CrowdResult>(
      './server/crowd-worker.js',
      Array.from({ length: PROCESSES }, () => job),
    )
    const sum = (measure: (result: CrowdResult) => number): number =>
      results.reduce((all, each) => all + measure(each), 0)
    const worst = (measure: (result: CrowdResult) => number): number => Math.max(...results.map(measure))
    const { logBytes } = await readings()
    const where = `${kind.name}, ${waiters.toLocaleString('en-US')} waiters once`
    const logKib = logBytes === undefined ? [] : [(logBytes - (before['logBytes'] ?? 0)) / 1024 / waiters]
    return [
      { what: `${where}: served`, unit: '', value: sum(({ served }) => served), target: { atLeast: waiters } },
      {
        what: `${where}: out of order in their process`,
        unit: '',
        value: sum(({ outOfOrder }) => outOfOrder),
        target: { atMost: 0 },
      },
      { what: `${where}: all served after`, unit: 's', value: worst(({ tookMs }) => tookMs) / 1000 },
      { what: `${where}: requests per waiter`, unit: '', value: sum(({ sent }) => sent) / waiters },
      { what: `${where}: client CPU`, unit: 's', value: sum(({ cpuMs }) => cpuMs) / 1000 },
      { what: `${where}: longest stall`, unit: 'ms', value: worst(({ stallMs }) => stallMs) },
      ...logKib.map((value) => ({
        what: `${where}: log per waiter`,
        unit: 'KiB',
        value,
        target: { atMost: LOG_KIB_MAX },
      })),
    ]
  })
}
