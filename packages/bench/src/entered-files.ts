/** How many files of the library one uncontended acquire and release passes: what a reader has to hold in mind. */
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { type Locks, holdfast } from 'holdfast'
import { memory } from 'holdfast/memory'
import { redis } from 'holdfast/redis'
import { sqlite } from 'holdfast/sqlite'
import type { Figure, Suite } from './figure.ts'
import { inFolder } from './folder.ts'
import { connect } from './redis/client.ts'
import { withServer } from './redis/server.ts'

const LIBRARY = '/holdfast/dist/'

export const enteredFiles: Suite = {
  name: 'entered-files',
  about: 'files of the library in which one uncontended acquire and release runs a function',
  run: async () => [
    await figureOf('memory', holdfast(memory())),
    await inFolder((folder) => figureOf('SQLite', holdfast(sqlite({ path: join(folder, 'locks.db') })))),
    await withServer(async ({ url }) => {
      const client = await connect(url)
      const figure = await figureOf('Redis', holdfast(redis(client)))
      client.disconnect()
      return figure
    }),
  ],
}

async function figureOf(store: string, locks: Locks): Promise<Figure> {
  // Opening is another story.
  await pair(locks)
  const entered = await filesEnteredBy(() => pair(locks))
  await locks.close()
  return { what: store, unit: 'files', value: entered.size }
}

async function pair(locks: Locks): Promise<void> {
  const lease = await locks.acquire('name')
  await lease.release()
}

async function filesEnteredBy(work: () => Promise<void>): Promise<ReadonlySet<string>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  // The first answer counts from the start of the process, or is empty: the second one is of the work alone.
  await session.post('Profiler.takePreciseCoverage')
  await work()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  session.disconnect()
  const ran = result.filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)))
  return new Set(ran.map(({ url }) => url).filter((url) => url.includes(LIBRARY)))
}
