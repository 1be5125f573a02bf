/** Many leases in Redis kept alive by one client: few commands, little work, no stall. */
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import { watchStalls } from '../stall.ts'
import { runWorkers } from '../worker-processes.ts'
import type { LockerName } from '../server/open-locker.ts'
import type { RenewalJob, RenewalResult } from '../server/renewal-worker.ts'
import { withServer } from './server.ts'

const LEASES = 10_000
const TTL_MS = 10_000
/** The targets are for this long, so it does not follow `--seconds`. */
const KEPT_MS = 20_000
const QUICK_MS = 1_000

export const redisRenewal: Suite = {
  name: 'redis-renewal',
  group: 'redis',
  about: `Redis, ${LEASES.toLocaleString('en-US')} leases of ${TTL_MS / 1000} s kept by one client for ${KEPT_MS / 1000} s, beside a bare program that renews in batches`,
  run: async (settings) => [...(await renewalOf('holdfast', settings)), ...(await renewalOf('bare batch', settings))],
}

export async function renewalOf(locker: LockerName, settings: Settings): Promise<readonly Figure[]> {
  const names = namesOf('name', sizeOf(LEASES, settings))
  const [ttlMs, keptMs] = settings.quick ? [QUICK_MS, QUICK_MS] : [TTL_MS, KEPT_MS]
  return await withServer(async (server) => {
    const before = await server.readings()
    const job = { url: server.url, locker, names, ttlMs, keptMs }
    // This process does nothing meanwhile: what it suffers is the machine's.
    const idle = watchStalls()
    const [result] = await runWorkers<RenewalJob, RenewalResult>('./server/renewal-worker.js', [job])
    if (result === undefined) throw new Error('the holder of the leases gave no result')
    const idleStallMs = idle.stop()
    const usedMs = ((await server.readings())['serverCpuMs'] ?? 0) - (before['serverCpuMs'] ?? 0)
    return figuresOf(locker, result, { leases: names.length, serverCpuMs: usedMs, idleStallMs })
  })
}

interface Beside {
  readonly leases: number
  readonly serverCpuMs: number
  readonly idleStallMs: number
}

function figuresOf(
  locker: LockerName,
  result: RenewalResult,
  { leases, serverCpuMs, idleStallMs }: Beside,
): readonly Figure[] {
  const target = (ours: NonNullable<Figure['target']>): Pick<Figure, 'target'> =>
    locker === 'holdfast' ? { target: ours } : {}
  const { renewals, sent, cpuMs, stallMs, alive } = result
  const where = `${leases.toLocaleString('en-US')} leases, ${locker}`
  const perRenewalUs = (cpuMs * 1000) / renewals
  return [
    { what: `${where}: alive at the end`, unit: '', value: alive, ...target({ atLeast: leases }) },
    { what: `${where}: renewals`, unit: '', value: renewals },
    { what: `${where}: commands`, unit: '', value: sent, ...target({ atMost: 400 }) },
    { what: `${where}: client CPU per renewal`, unit: 'µs', value: perRenewalUs, ...target({ atMost: 9 }) },
    { what: `${where}: client CPU`, unit: 's', value: cpuMs / 1000 },
    { what: `${where}: server CPU, taking and giving back with it`, unit: 's', value: serverCpuMs / 1000 },
    { what: `${where}: longest stall`, unit: 'ms', value: stallMs, ...target({ atMost: 100 }) },
    { what: `${where}: longest stall of an idle process meanwhile`, unit: 'ms', value: idleStallMs },
  ]
}
