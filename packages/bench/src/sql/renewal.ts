/** Many leases in a database kept alive by one client. */
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import type { RenewalJob, RenewalResult } from '../server/renewal-worker.ts'
import { runWorkers } from '../worker-processes.ts'
import type { Kind } from './databases.ts'
import { stableKinds, withSqlServer } from './server.ts'

const LEASES = [500, 10_000] as const
const TTL_MS = 10_000
const KEPT_MS = 20_000
const QUICK_MS = 1_000

export const sqlRenewal: Suite = {
  name: 'sql-renewal',
  group: 'sql',
  about: `PostgreSQL and MariaDB, ${LEASES.join(' and ')} leases of ${TTL_MS / 1000} s kept by one client for ${KEPT_MS / 1000} s`,
  async run(settings) {
    const figures: Figure[] = []
    for (const kind of stableKinds)
      for (const count of LEASES) figures.push(...(await renewalOf(kind, count, settings)))
    return figures
  },
}

async function renewalOf(kind: Kind, count: number, settings: Settings): Promise<readonly Figure[]> {
  const names = namesOf('name', sizeOf(count, settings))
  const [ttlMs, keptMs] = settings.quick ? [QUICK_MS, QUICK_MS] : [TTL_MS, KEPT_MS]
  return await withSqlServer(kind, async ({ url, readings }) => {
    const before = await readings()
    const job = { url, locker: 'holdfast', names, ttlMs, keptMs } as const
    const [result] = await runWorkers<RenewalJob, RenewalResult>('./server/renewal-worker.js', [job])
    if (result === undefined) throw new Error('the holder of the leases gave no result')
    const { flushes = Number.NaN } = await readings()
    const where = `${kind.name}, ${names.length.toLocaleString('en-US')} leases`
    return [
      { what: `${where}: alive at the end`, unit: '', value: result.alive, target: { atLeast: names.length } },
      { what: `${where}: renewals`, unit: '', value: result.renewals },
      { what: `${where}: requests`, unit: '', value: result.sent },
      {
        what: `${where}: flushes, with those of taking and giving back`,
        unit: '',
        value: flushes - (before['flushes'] ?? 0),
      },
      { what: `${where}: client CPU per renewal`, unit: 'µs', value: (result.cpuMs * 1000) / result.renewals },
      { what: `${where}: longest stall`, unit: 'ms', value: result.stallMs },
    ]
  })
}
