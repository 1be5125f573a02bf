/** A lock with a table of waiters whose release frees the lock and picks the next waiter in one statement. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import type { Contender, ContenderOptions, Form, Grant } from '../../traffic/contender.ts'

export const WAITER_TABLE = 'naive_waiter'

const TABLES = `CREATE TABLE IF NOT EXISTS naive_line (name text PRIMARY KEY, owner text, token bigint NOT NULL);
CREATE TABLE IF NOT EXISTS ${WAITER_TABLE} (number bigserial PRIMARY KEY, name text NOT NULL, id text NOT NULL)`
/** All of it sees the rows as they were when it began, however long it then waits for the row of the line. */
const RELEASE = `WITH head AS (SELECT id FROM ${WAITER_TABLE} WHERE name = $1 ORDER BY number LIMIT 1),
  freed AS (UPDATE naive_line SET owner = (SELECT id FROM head), token = token + 1 WHERE name = $1 AND owner = $2 RETURNING token)
SELECT pg_notify(head.id, freed.token::text) FROM head, freed`

export async function openContender({ storeUrl }: ContenderOptions): Promise<Contender> {
  const client = new pg.Client({ connectionString: storeUrl })
  client.on('error', () => undefined)
  await client.connect()
  await client.query(TABLES)
  return {
    tells: false,
    acquire: (form, waitMs) => acquired(client, form, waitMs),
    close: () => client.end(),
  }
}

async function acquired(client: pg.Client, { k }: Form, waitMs: number): Promise<Grant> {
  const id = randomUUID()
  await client.query(`LISTEN "${id}"`)
  await client.query('INSERT INTO naive_line VALUES ($1, NULL, 0) ON CONFLICT DO NOTHING', [k])
  await client.query('BEGIN')
  const row = 'SELECT owner, token FROM naive_line WHERE name = $1 FOR UPDATE'
  const [line] = (await client.query<{ owner: string | null; token: string }>(row, [k])).rows
  const isFree = line?.owner === null
  if (isFree) await client.query('UPDATE naive_line SET owner = $2, token = token + 1 WHERE name = $1', [k, id])
  else await client.query(`INSERT INTO ${WAITER_TABLE} (name, id) VALUES ($1, $2)`, [k, id])
  await client.query('COMMIT')
  if (isFree) return grant(client, k, id, BigInt(line.token) + 1n)
  try {
    const [told] = (await once(client, 'notification', { signal: AbortSignal.timeout(waitMs) })) as [pg.Notification]
    return grant(client, k, id, BigInt(told.payload ?? 0))
  } catch {
    throw Object.assign(new Error(`${k} is busy`), { code: 'WAIT_TIMEOUT' })
  }
}

/** Without an end: what is shown is over before any lease would be. */
function grant(client: pg.Client, k: string, id: string, token: bigint): Grant {
  const untilMs = performance.now() + 60_000
  return {
    token,
    isHeld: () => true,
    remainingMs: () => untilMs - performance.now(),
    async release() {
      await client.query(RELEASE, [k, id])
      return 'released'
    },
  }
}
