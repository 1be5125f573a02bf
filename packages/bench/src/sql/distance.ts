/** What a lock in a database costs over a network, and what NOTIFY costs beside programs that listen to something else. */
import { holdfast, type Locks } from 'holdfast'
import { openProxy } from '@holdfast/testbed/proxy/proxy'
import pg from 'pg'
import { nowMs, sleep } from '../clock.ts'
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import { holdfastLock, inTurn, namesOf } from '../holdfast-lock.ts'
import { compared, latencyAt, pooledLatenciesUs, roundsIn, takeTurns } from '../slices.ts'
import { median, percentile } from '../statistics.ts'
import { type Kind, kinds } from './databases.ts'
import { withSqlServer } from './server.ts'

/** A proxy waits for no less than a millisecond. */
const DELAY_MS = 0.5
const LISTENERS = 60
const TURNS = 300
const QUEUED_AFTER_MS = 10
const NAMES = namesOf('name', 16)

export const sqlDistance: Suite = {
  name: 'sql-distance',
  group: 'sql',
  about: `PostgreSQL and MariaDB: the pair with a delay each way, and hand-offs of PostgreSQL beside ${LISTENERS} idle listeners`,
  async run(settings) {
    const figures: Figure[] = []
    for (const kind of kinds) {
      if (kind.release !== 'stable') continue
      figures.push(...(await apart(kind, settings)))
      if (kind.name === 'PostgreSQL') figures.push(...(await besideListeners(kind, settings)))
    }
    return figures
  },
}

async function apart(kind: Kind, settings: Settings): Promise<readonly Figure[]> {
  return await withSqlServer(kind, async ({ url }) => {
    await using proxy = await openProxy({ host: '127.0.0.1', port: Number(new URL(url).port) })
    proxy.set({ kind: 'delay', delayMs: DELAY_MS })
    const database = await kind.connect(proxy.through(url))
    const locks = holdfast(database.store())
    await locks.open()
    const bare = {
      async pair(turn: number): Promise<void> {
        const name = NAMES[turn % NAMES.length] ?? ''
        await database.update(name)
        await database.update(name)
      },
    }
    const entrants = [bare, holdfastLock(locks, inTurn(NAMES)), bare]
    const played = await takeTurns(entrants, roundsIn(settings, entrants.length), nowMs())
    await locks.close()
    await database.close()
    const where = `${kind.name}, through a delay each way`
    const p50Us = percentile(pooledLatenciesUs(played, 0), 0.5)
    return [
      {
        what: `${where}: p50 of a pair`,
        unit: '×',
        ...compared(played, latencyAt(0.5)),
        target: { atMost: kind.pairMax },
      },
      { what: `${where}: p50 of a pair, bare`, unit: 'ms', value: p50Us / 1000 },
    ]
  })
}

async function besideListeners(kind: Kind, settings: Settings): Promise<readonly Figure[]> {
  return await withSqlServer(kind, async ({ url }) => {
    const databases = [await kind.connect(url), await kind.connect(url)]
    const [one, other] = databases.map((database) => holdfast(database.store(), { ttl: 60_000, wait: 60_000 }))
    if (one === undefined || other === undefined) throw new Error('there are two clients')
    const turns = sizeOf(TURNS, settings)
    await handOffsMs([one, other], turns)
    const alone = median(await handOffsMs([one, other], turns))
    const listeners = Array.from({ length: LISTENERS }, () => new pg.Client({ connectionString: url }))
    for (const [index, listener] of listeners.entries()) {
      await listener.connect()
      await listener.query(`LISTEN channel_${index}`)
    }
    const beside = median(await handOffsMs([one, other], turns))
    await Promise.all([one.close(), other.close(), ...listeners.map((each) => each.end())])
    await Promise.all(databases.map((each) => each.close()))
    return [
      { what: `${kind.name}, hand-off, no other listener: p50`, unit: 'ms', value: alone },
      { what: `${kind.name}, hand-off, ${LISTENERS} idle listeners: p50`, unit: 'ms', value: beside },
    ]
  })
}

/** From the release to the moment at which the next one has it. */
async function handOffsMs([one, other]: readonly [Locks, Locks], turns: number): Promise<readonly number[]> {
  const tookMs: number[] = []
  let lease = await one.acquire('one')
  for (let turn = 0; turn < turns; turn += 1) {
    const next = (turn % 2 === 0 ? other : one).acquire('one')
    await sleep(QUEUED_AFTER_MS)
    const releasedAtMs = nowMs()
    const releasing = lease.release()
    lease = await next
    tookMs.push(nowMs() - releasedAtMs)
    await releasing
  }
  await lease.release()
  return tookMs
}
