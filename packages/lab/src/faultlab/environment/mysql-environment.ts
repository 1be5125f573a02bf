/** MariaDB under a run: one server, which keeps its log as the run wants it. */
import { start } from '@holdfast/testbed/engines/mariadb/server'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { Persistence } from './environment.ts'
import type { ServerKind } from './server-environment.ts'

const ANSWER_WITHIN_MS = 5_000
const CANARY = 'holdfast_lab_canary'

/** In Redis' words: on the disk at every commit, with the system at every commit, or with the server for a second. */
const FLUSHES: Readonly<Record<Persistence, string>> = { always: '1', everysec: '2', none: '0' }

export const mysqlKind: ServerKind = {
  count: 1,
  start: ({ folder, environment }, persistence) =>
    start({
      config: { 'innodb-flush-log-at-trx-commit': FLUSHES[persistence] },
      ...(folder !== undefined && { folder }),
      ...(environment !== undefined && { environment }),
    }),
  async remember({ url }, word) {
    await ask(url, `CREATE TABLE IF NOT EXISTS ${CANARY} (number BIGINT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(200))`)
    await ask(url, `INSERT INTO ${CANARY} (word) VALUES (?)`, [word])
  },
  async recall({ url }) {
    const [row] = await ask(url, `SELECT word FROM ${CANARY} ORDER BY number DESC LIMIT 1`)
    return typeof row?.['word'] === 'string' ? row['word'] : undefined
  },
  async wallMs({ url }) {
    const [row] = await ask(url, 'SELECT UNIX_TIMESTAMP(NOW(6)) * 1000 AS ms')
    return Number(row?.['ms'])
  },
  split: (storeUrl) => [storeUrl],
  join: ([url = '']) => url,
}

async function ask(url: string, sql: string, values: readonly string[] = []): Promise<readonly RowDataPacket[]> {
  const connection = await createConnection({ uri: url, connectTimeout: ANSWER_WITHIN_MS })
  connection.on('error', () => undefined)
  try {
    const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: ANSWER_WITHIN_MS }, [...values])
    return rows
  } finally {
    connection.destroy()
  }
}
