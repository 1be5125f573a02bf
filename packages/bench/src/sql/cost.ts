/** What each step of a lock asks of a database: requests, flushes, and bytes of its log. */
import { sleep } from '../clock.ts'
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import { openLocker } from '../server/open-locker.ts'
import type { Locker } from '../server/locker.ts'
import type { Readings } from '../slices.ts'
import type { Kind } from './databases.ts'
import { stableKinds, withSqlServer } from './server.ts'

const TIMES = 200
const LIMITS = { ttlMs: 60_000, waitMs: 60_000 }
/** PostgreSQL counts what a process did up to a second later. */
const COUNTED_AFTER_MS = 1_200
/** Until a waiter stands in line. */
const QUEUED_AFTER_MS = 20

export const sqlCost: Suite = {
  name: 'sql-cost',
  group: 'sql',
  about: 'PostgreSQL and MariaDB: requests, flushes and log of an acquire, a release and a hand-off',
  async run(settings) {
    const figures: Figure[] = []
    for (const kind of stableKinds) figures.push(...(await costsOf(kind, settings)))
    return figures
  },
}

async function costsOf(kind: Kind, settings: Settings): Promise<readonly Figure[]> {
  const names = namesOf('name', sizeOf(TIMES, settings))
  return await withSqlServer(kind, async ({ url, readings }) => {
    const [one, other] = [
      await openLocker('holdfast', { url, ...LIMITS }),
      await openLocker('holdfast', { url, ...LIMITS }),
    ]
    const step = async (what: string, work: () => Promise<void>): Promise<readonly Figure[]> => {
      const before = await settled(readings)
      const sentBefore = one.readings()['sent'] ?? 0
      await work()
      const sent = (one.readings()['sent'] ?? 0) - sentBefore
      const after = await settled(readings)
      return figuresOf(`${kind.name}, ${what}`, names.length, { sent, before, after })
    }
    const ends: (() => Promise<unknown>)[] = []
    // A name that was never used costs more.
    for (const name of names) await (await one.acquire(name))()
    const figures = [
      ...(await step('acquire', async () => {
        for (const name of names) ends.push(await one.acquire(name))
      })),
      ...(await step('release', async () => {
        for (const end of ends) await end()
      })),
      ...(await step('hand-off, with the ask of the next', () => handOn([one, other], names.length))),
    ]
    await Promise.all([one.close(), other.close()])
    return figures
  })
}

async function handOn([one, other]: readonly [Locker, Locker], times: number): Promise<void> {
  let end = await one.acquire('one')
  for (let time = 0; time < times; time += 1) {
    const next = (time % 2 === 0 ? other : one).acquire('one')
    await sleep(QUEUED_AFTER_MS)
    await end()
    end = await next
  }
  await end()
}

async function settled(readings: () => Promise<Readings>): Promise<Readings> {
  await sleep(COUNTED_AFTER_MS)
  return await readings()
}

interface Spent {
  readonly sent: number
  readonly before: Readings
  readonly after: Readings
}

function figuresOf(where: string, times: number, { sent, before, after }: Spent): readonly Figure[] {
  const gained = (name: string): number => ((after[name] ?? Number.NaN) - (before[name] ?? Number.NaN)) / times
  return [
    { what: `${where}: requests`, unit: '', value: sent / times },
    { what: `${where}: flushes`, unit: '', value: gained('flushes') },
    { what: `${where}: log`, unit: 'KiB', value: gained('logBytes') / 1024 },
    // MariaDB tells no number of flushes.
  ].filter(({ value }) => !Number.isNaN(value))
}
