/** What can happen to a lock file: somebody else keeps it busy, or removes it. */
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { patiently } from '../traffic/resource.ts'
import { type Fault, spellsOf } from './fault.ts'
import { STORE } from './scene.ts'

const BUSY_TTLS = { min: 0.3, max: 1.6 }
/** A step takes well below a millisecond. */
const SLOW_NS = 50e6
/** Within this time everybody who held by the removed file has asked for a renewal. */
const NOTICED_NS = 5e9

export function lockFileOf(storeUrl: string): string {
  return storeUrl.slice(storeUrl.indexOf(':') + 1)
}

export const busy: Fault = {
  rights: 'none',
  what: 'another program keeps the lock file locked for 0.3 to 1.6 leases: nobody can take, renew or release',
  counts: 'a request at the store failed meanwhile, or took 50 ms and more',
  hitsStore: true,
  async strike({ random, ttlMs, storeUrl, note, sleep }) {
    const database = new DatabaseSync(lockFileOf(storeUrl), { timeout: 0 })
    try {
      await patiently(() => database.exec('BEGIN EXCLUSIVE'))
      note('busy', STORE)
      await sleep(ttlMs * random.between(BUSY_TTLS.min, BUSY_TTLS.max))
      database.exec('ROLLBACK')
      note('free', STORE)
    } finally {
      database.close()
    }
  },
  effects(record) {
    const asked = record.operations.filter(({ f }) => f === 'renew' || f === 'enqueue' || f === 'acquire')
    return spellsOf(record, 'busy', 'free').filter(({ fromNs, toNs }) =>
      asked.some(({ callNs, endNs, outcome }) => {
        return callNs >= fromNs && callNs < toNs && (outcome !== 'ok' || endNs - callNs > SLOW_NS)
      }),
    ).length
  },
}

export const wipe: Fault = {
  rights: 'none',
  what: 'the lock file is deleted while everybody has it open',
  counts: 'somebody lost a lock within five seconds',
  hitsStore: true,
  async strike({ storeUrl, note }) {
    note('wipe', STORE)
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${lockFileOf(storeUrl)}${suffix}`, { force: true })
  },
  effects({ moments }) {
    const wipes = moments.filter(({ f, in: { kind } }) => f === 'nemesis' && kind === 'wipe')
    const losses = moments.filter(({ f }) => f === 'lost')
    return wipes.filter(({ atNs }) => losses.some((loss) => loss.atNs > atNs && loss.atNs < atNs + NOTICED_NS)).length
  },
}
