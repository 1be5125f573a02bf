/** Recipes appear by their names where an operator looks, and each is on the page that says so. */
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { ledger } from '../guards/sqlite/index.ts'
import { holdfast } from '../holdfast.ts'
import { memory } from '../stores/memory/index.ts'
import { oncePerTick } from './cron/index.ts'
import { election } from './election/index.ts'
import { adopt, handOver } from './hand-over/index.ts'
import { members } from './members/index.ts'
import { once } from './once/index.ts'
import { partitions } from './partitions/index.ts'
import { rateLimit } from './rate-limit/index.ts'
import { type FlightCache, singleFlight } from './single-flight/index.ts'
import { slots } from './slots/index.ts'

const page = readFileSync(new URL('../../../../docs/events.md', import.meta.url), 'utf8')
const TICK = new Date()

test('every recipe appears by its name in a list of locks', async () => {
  await using locks = holdfast(memory())
  const { promise: end, resolve } = Promise.withResolvers<undefined>()
  const stay = (): Promise<undefined> => end
  const book = ledger(new DatabaseSync(':memory:'))
  const stop = new AbortController()
  const cache: FlightCache<undefined> = { get: () => undefined, set: () => undefined }
  const works = [
    election(locks, 'compactor').lead(stay),
    partitions(locks, 'orders', { count: 1, settle: 0, id: 'pod-1' }).run(stay, { signal: stop.signal }),
    once(locks, 'payments', { ledger: book, interrupted: 'refuse' }).run('order-7', stay),
    oncePerTick(locks, 'often', TICK, { atMostFor: '1m', ledger: book }, stay),
    singleFlight(locks, 'maps', { cache, fresh: '1m' }).get('seats', stay),
  ]
  await members(locks, 'nodes').join({ id: 'node-1' })
  const slot = await slots(locks, 'ids', { count: 1 }).acquire()
  await rateLimit(locks, 'mail', { limit: 1, per: '1m' }).tryTake({ key: 'ada' })
  await adopt(locks, await handOver(locks, await locks.acquire('deploy'), { within: '1m' }))

  const namesNow = async (): Promise<readonly string[]> => (await locks.list()).names
  await expect.poll(namesNow).toContain('partitions:orders:p/0')
  const names = await namesNow()
  expect(names.map((name) => name.replace(/^adopted:.*/, 'adopted'))).toEqual([
    'adopted',
    'cron:often',
    'deploy',
    'election:compactor',
    'flight:maps:seats',
    'members:nodes',
    'members:nodes:m/node-1',
    'once:payments:order-7',
    'partitions:orders:assignment',
    'partitions:orders:leader',
    'partitions:orders:m/pod-1',
    'partitions:orders:members',
    'partitions:orders:p/0',
    'rate:mail:ada',
    'slots:ids',
    `slots:ids:${slot.slot}`,
  ])
  for (const name of names) if (name !== 'deploy') expect(page).toContain(`\`${name.split(':')[0]}:<`)
  expect((await locks.inspect('cron:often')).claims[0]?.note).toBe(TICK.toISOString())
  resolve(undefined)
  stop.abort()
  await Promise.all(works)
})
