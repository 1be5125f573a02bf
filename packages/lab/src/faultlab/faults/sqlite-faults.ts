/** What can happen to a lock file: another process keeps it busy, or removes it. */
import { existsSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { patiently } from '../traffic/resource.ts'
import { felt, feltWords, heldAt } from './effects.ts'
import type { Fault } from './fault.ts'
import { STORE } from './fault-target.ts'

const BUSY_TTLS = { min: 0.3, max: 1.6 }

export function lockFileOf(storeUrl: string): string {
  return storeUrl.slice(storeUrl.indexOf(':') + 1)
}

export const busy: Fault = {
  rights: 'none',
  what: 'another program keeps the lock file locked for 0.3 to 1.6 leases: nobody can take, renew or release',
  counts: `a request at the store ${feltWords}`,
  atStore: true,
  hitsStore: true,
  begins: 'busy',
  ends: 'free',
  async strike({ random, ttlMs, environment, note, sleep }) {
    const database = new DatabaseSync(lockFileOf(environment.urlFor()), { timeout: 0 })
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
  hadEffect: (window, record) => felt(record, window),
}

export const wipe: Fault = {
  rights: 'none',
  what: 'the lock file is deleted while everybody has it open',
  counts: 'the file was there and somebody held a lock',
  atStore: true,
  hitsStore: true,
  begins: 'wipe',
  async strike({ environment, note }) {
    note('wipe', STORE, { existed: existsSync(lockFileOf(environment.urlFor())) })
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${lockFileOf(environment.urlFor())}${suffix}`, { force: true })
  },
  hadEffect: ({ fromNs, begun }, record) => begun['existed'] === true && heldAt(record, fromNs),
}
