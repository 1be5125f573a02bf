/** Many leases kept alive by one client: few calls, little work, no stall. */
import { holdfast } from 'holdfast'
import { memory } from 'holdfast/memory'
import { cpuMs, sleep } from './clock.ts'
import { countingRenewals } from './counting-renewals.ts'
import type { Suite } from './figure.ts'
import { namesOf } from './holdfast-lock.ts'
import { watchStalls } from './stall.ts'

const LEASES = 10_000
const TTL_MS = 10_000
/** The targets are for this long, so it does not follow `--seconds`. */
const KEPT_MS = 20_000

export const renewal: Suite = {
  name: 'renewal',
  about: `memory store, ${LEASES.toLocaleString('en-US')} leases of ${TTL_MS / 1000} s renewed every ttl/3 for ${KEPT_MS / 1000} s`,
  async run() {
    const counted = countingRenewals(memory())
    const locks = holdfast(counted.store, { ttl: TTL_MS })
    let lost = 0
    locks.on('lost', () => (lost += 1))
    const leases = []
    for (const name of namesOf('name', LEASES)) leases.push(await locks.acquire(name))
    const { renewals, calls } = counted
    const [renewalsBefore, callsBefore] = [renewals(), calls()]
    const [stalls, cpuBeforeMs] = [watchStalls(), cpuMs()]
    await sleep(KEPT_MS)
    const [usedMs, stallMs] = [cpuMs() - cpuBeforeMs, stalls.stop()]
    const renewed = renewals() - renewalsBefore
    const called = calls() - callsBefore
    const alive = leases.filter((lease) => lease.isHeld()).length
    const lostMeanwhile = lost
    await locks.close()
    return [
      { what: 'alive at the end', unit: '', value: alive, target: { atLeast: LEASES } },
      { what: 'lost', unit: '', value: lostMeanwhile, target: { atMost: 0 } },
      { what: 'renewals', unit: '', value: renewed },
      { what: 'calls to the store', unit: '', value: called, target: { atMost: 400 } },
      { what: 'CPU per renewal', unit: 'µs', value: (usedMs * 1000) / renewed, target: { atMost: 9 } },
      { what: 'longest stall of the event loop', unit: 'ms', value: stallMs, target: { atMost: 100 } },
    ]
  },
}
