/** Many leases that one client keeps where a quorum agrees: they share a session, which is kept alive for all of them. */
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import type { RenewalJob, RenewalResult } from '../server/renewal-worker.ts'
import { gainedBetween } from '../slices.ts'
import { runWorkers } from '../worker-processes.ts'
import type { QuorumEngine } from './engine.ts'

const LEASES = 10_000
const TTL_MS = 10_000
const KEPT_MS = 20_000
const QUICK_MS = 3_000

export const quorumRenewal = (engine: QuorumEngine): Suite => ({
  name: `${engine.scheme}-renewal`,
  group: engine.scheme,
  about: `${engine.title}, ${LEASES.toLocaleString('en-US')} leases of ${TTL_MS / 1000} s kept by one client for ${KEPT_MS / 1000} s`,
  run: (settings) => renewalOf(engine, settings),
})

async function renewalOf(engine: QuorumEngine, settings: Settings): Promise<readonly Figure[]> {
  const names = namesOf('name', sizeOf(LEASES, settings))
  const [ttlMs, keptMs] = settings.quick ? [QUICK_MS, QUICK_MS] : [TTL_MS, KEPT_MS]
  return await engine.within(async ({ url, readings }) => {
    const before = await readings()
    const job = { url, locker: 'holdfast', names, ttlMs, keptMs } as const
    const [result] = await runWorkers<RenewalJob, RenewalResult>('./server/renewal-worker.js', [job])
    if (result === undefined) throw new Error('the holder of the leases gave no result')
    const gained = gainedBetween(before, await readings())
    const where = `${names.length.toLocaleString('en-US')} leases`
    return [
      { what: `${where}: alive at the end`, unit: '', value: result.alive, target: { atLeast: names.length } },
      { what: `${where}: renewals`, unit: '', value: result.renewals },
      ...engine.leaseCosts(where, gained),
      { what: `${where}: client CPU`, unit: 's', value: result.cpuMs / 1000 },
      { what: `${where}: longest stall`, unit: 'ms', value: result.stallMs },
    ]
  })
}
