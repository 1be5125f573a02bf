/** Lockers in a database: Holdfast, and other libraries as their own documentation uses them. */
import { requireCompetitor } from '@holdfast/testbed/competitors'
import { holdfast } from 'holdfast'
import { mysql } from 'holdfast/mysql'
import { postgres } from 'holdfast/postgres'
import { countingRenewals } from '../counting-renewals.ts'
import type { Locker, LockerSettings } from '../server/locker.ts'
import { countStatements } from './statement-count.ts'

export type SqlLockerName = 'advisory-lock' | '@verrou/core in a database'

export async function openSqlLocker(name: string, settings: LockerSettings): Promise<Locker> {
  const sent = await countStatements(settings.url)
  const lockers: Readonly<Record<string, (settings: LockerSettings) => Promise<Omit<Locker, 'readings'>>>> = {
    holdfast: ours,
    'advisory-lock': advisoryLock,
    '@verrou/core in a database': verrou,
  }
  const open = lockers[name]
  if (open === undefined) throw new Error(`${name} does not lock in a database`)
  const locker = await open(settings)
  return { readings: () => ({ sent: sent() }), ...locker }
}

async function ours({ url, ttlMs, waitMs }: LockerSettings): Promise<Omit<Locker, 'readings'> & Partial<Locker>> {
  const sent = await countStatements(url)
  const counted = countingRenewals(url.startsWith('postgres') ? postgres(url) : mysql(url))
  const locks = holdfast(counted.store, { ttl: ttlMs, wait: waitMs })
  await locks.open()
  const acquire = async (name: string) => {
    const lease = await locks.acquire(name)
    return () => lease.release()
  }
  return {
    acquire,
    // Every lease is renewed until it is given back.
    keep: acquire,
    readings: () => ({ sent: sent(), renewals: counted.renewals() }),
    close: () => locks.close(),
  }
}

interface AdvisoryLock {
  lock(): Promise<() => Promise<void>>
}

/** A session lock: each lock has a connection of its own for as long as it is held or waited for. */
async function advisoryLock({ url }: LockerSettings): Promise<Omit<Locker, 'readings'>> {
  const { default: connect } = requireCompetitor<{ default: (url: string) => (name: string) => AdvisoryLock }>(
    'advisory-lock',
  )
  const createMutex = connect(url)
  return {
    acquire: (name) => createMutex(name).lock(),
    close: async () => undefined,
  }
}

interface VerrouLock {
  acquire(): Promise<boolean>
  release(): Promise<void>
}

async function verrou({ url, ttlMs }: LockerSettings): Promise<Omit<Locker, 'readings'>> {
  const knex = requireCompetitor<(options: object) => { destroy(): Promise<void> }>('knex')
  const isPostgres = url.startsWith('postgres')
  const connection = knex({ client: isPostgres ? 'pg' : 'mysql2', connection: url.replace(/^mariadb:/, 'mysql:') })
  const { LockFactory } = requireCompetitor<{
    LockFactory: new (store: object) => { createLock(name: string, ttlMs: number): VerrouLock }
  }>('@verrou/core')
  const { knexStore } = requireCompetitor<{ knexStore(options: object): { factory(): object } }>(
    '@verrou/core/drivers/knex',
  )
  const factory = new LockFactory(knexStore({ connection, autoCreateTable: true, tableName: 'verrou' }).factory())
  return {
    async acquire(name) {
      const lock = factory.createLock(name, ttlMs)
      if (!(await lock.acquire())) throw new Error(`${name} was not acquired`)
      return () => lock.release()
    },
    close: () => connection.destroy(),
  }
}
