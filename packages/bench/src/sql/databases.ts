/** The databases of the SQL suites, each with what a lock over it is measured against: bare committed updates of one row. */
import {
  type Driver,
  EngineNotAvailable,
  mariadb,
  mysql as mysqlServer,
  postgres as postgresServer,
} from '@holdfast/testbed/engines'
import type { Store } from 'holdfast'
import { mysql } from 'holdfast/mysql'
import { postgres } from 'holdfast/postgres'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import { SuiteSkipped } from '../figure.ts'

export interface Database {
  readonly name: string
  store(): Store
  /** One update by the primary key, committed. */
  update(key: string): Promise<unknown>
  close(): Promise<void>
}

export interface Kind {
  /** For people. */
  readonly name: string
  readonly driver: Driver
  readonly release: 'stable' | 'newer'
  connect(url: string): Promise<Database>
  /** The pair against two bare updates. */
  readonly pairMax: number
}

const CONNECTIONS = 8
const TEXT_LENGTH = 200
const TABLE =
  'CREATE TABLE IF NOT EXISTS bare (name varchar(200) PRIMARY KEY, version bigint NOT NULL, claims varchar(1000) NOT NULL)'
const text = 'x'.repeat(TEXT_LENGTH)

export const kinds: readonly Kind[] = [
  { name: 'PostgreSQL', driver: postgresServer, release: 'stable', connect: connectPostgres, pairMax: 1.3 },
  { name: 'MariaDB', driver: mariadb, release: 'stable', connect: connectMysql, pairMax: 1.7 },
  { name: 'MySQL', driver: mysqlServer, release: 'newer', connect: connectMysql, pairMax: 1.7 },
]

/** Commits wait for the disk. One that cannot be had is left out; without any the suite is skipped with the reasons. */
export async function withDatabases<Result>(
  work: (database: Database, kind: Kind) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const reasons: string[] = []
  for (const kind of kinds) {
    try {
      await kind.driver.locate(kind.release)
    } catch (error) {
      if (!(error instanceof EngineNotAvailable)) throw error
      reasons.push(error.message)
      continue
    }
    await using engine = await kind.driver.start({ release: kind.release, storage: 'disk' })
    const database = await kind.connect(engine.url)
    try {
      results.push(...(await work({ ...database, name: engine.name }, kind)))
    } finally {
      await database.close()
    }
  }
  if (results.length === 0) throw new SuiteSkipped(reasons.join('; '))
  return results
}

async function connectPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS })
  pool.on('error', () => undefined)
  await pool.query(TABLE)
  return {
    name: url,
    store: () => postgres(pool),
    async update(key) {
      const values = [key, text]
      const { rowCount } = await pool.query(
        'UPDATE bare SET version = version + 1, claims = $2 WHERE name = $1',
        values,
      )
      if (rowCount === 0) await pool.query('INSERT INTO bare VALUES ($1, 1, $2)', values)
    },
    close: () => pool.end(),
  }
}

async function connectMysql(uri: string): Promise<Database> {
  const pool = createPool({ uri, connectionLimit: CONNECTIONS })
  await pool.query(TABLE)
  return {
    name: uri,
    store: () => mysql(pool),
    async update(key) {
      const [result] = await pool.query('UPDATE bare SET version = version + 1, claims = ? WHERE name = ?', [text, key])
      if ('affectedRows' in result && result.affectedRows === 0) {
        await pool.query('INSERT INTO bare VALUES (?, 1, ?)', [key, text])
      }
    },
    close: () => pool.end(),
  }
}
