/** The least that a lock in a database can be made of: one committed change of one row, by the bare driver. */
import type { Pool as MysqlPool } from 'mysql2/promise'
import type { Pool as PgPool } from 'pg'

export interface BareRow {
  once(): Promise<unknown>
  close(): Promise<void>
}

const TABLE = 'bare_row'

export async function openBareRow(url: string): Promise<BareRow> {
  return url.startsWith('postgres') ? await inPostgres(url) : await inMysql(url)
}

async function inPostgres(url: string): Promise<BareRow> {
  const { Pool } = (await import('pg')).default
  const pool: PgPool = new Pool({ connectionString: url, max: 1 })
  // The server may be stopped before its last connection has said farewell.
  pool.on('error', ignore)
  const id = process.pid
  await pool.query(`CREATE TABLE IF NOT EXISTS ${TABLE} (id bigint PRIMARY KEY, changes bigint NOT NULL)`).catch(ignore)
  await pool.query(`INSERT INTO ${TABLE} VALUES (${id}, 0) ON CONFLICT DO NOTHING`)
  return {
    once: () => pool.query(`UPDATE ${TABLE} SET changes = changes + 1 WHERE id = $1`, [id]),
    close: () => pool.end(),
  }
}

async function inMysql(url: string): Promise<BareRow> {
  const { createPool } = await import('mysql2/promise')
  const pool: MysqlPool = createPool({ uri: url.replace(/^mariadb:/, 'mysql:'), connectionLimit: 1 })
  const id = process.pid
  await pool.query(`CREATE TABLE IF NOT EXISTS ${TABLE} (id bigint PRIMARY KEY, changes bigint NOT NULL)`)
  await pool.query(`INSERT IGNORE INTO ${TABLE} VALUES (${id}, 0)`)
  return {
    once: () => pool.query(`UPDATE ${TABLE} SET changes = changes + 1 WHERE id = ?`, [id]),
    close: () => pool.end(),
  }
}

/** What another process made in the same moment, or what is over. */
function ignore(): void {}
