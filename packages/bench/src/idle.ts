/** What waiting costs while nothing happens. */
import { join } from 'node:path'
import { holdfast } from 'holdfast'
import { sqlite } from 'holdfast/sqlite'
import type { Figure, Suite } from './figure.ts'
import { inFolder } from './folder.ts'
import { namesOf } from './holdfast-lock.ts'
import type { IdleJob, IdleResult } from './idle-worker.ts'
import { runWorkers } from './worker-processes.ts'

const WAITERS = 100

const CELLS = [
  { what: 'an open client, nobody waits', names: [] },
  { what: `${WAITERS} waiters on one name`, names: Array.from({ length: WAITERS }, () => 'one') },
  { what: `${WAITERS} waiters on ${WAITERS} names`, names: namesOf('name', WAITERS) },
] as const

export const idle: Suite = {
  name: 'idle',
  about: 'SQLite, waiters in one process while another process holds everything',
  async run({ seconds }) {
    const figures: Figure[] = []
    for (const { what, names } of CELLS) {
      figures.push({ what: `${what}: CPU`, unit: 'ms/s', value: await cpuOf(names, seconds) })
    }
    return figures
  },
}

function cpuOf(names: readonly string[], seconds: number): Promise<number> {
  return inFolder(async (folder) => {
    const path = join(folder, 'locks.db')
    const holder = holdfast(sqlite({ path }), { ttl: '1h' })
    await holder.open()
    for (const name of new Set(names)) await holder.acquire(name)
    const [perSecond = Number.NaN] = await runWorkers<IdleJob, IdleResult>('./idle-worker.js', [
      { path, names, seconds },
    ])
    await holder.close()
    return perSecond
  })
}
