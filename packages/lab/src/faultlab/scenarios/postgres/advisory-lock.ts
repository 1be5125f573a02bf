/** A lock that is an advisory lock of a session of PostgreSQL. */
import pg from 'pg'
import type { Contender, ContenderOptions } from '../../traffic/contender.ts'

const TAKE = 'SELECT pg_try_advisory_lock(hashtext($1)) AS done'
const GIVE_BACK = 'SELECT pg_advisory_unlock(hashtext($1)) AS done'
const TOKEN = `SELECT nextval('advisory_token') AS token`

export async function openContender({ storeUrl, ttlMs }: ContenderOptions): Promise<Contender> {
  const client = new pg.Client({ connectionString: storeUrl })
  client.on('error', () => undefined)
  await client.connect()
  await client.query('CREATE SEQUENCE IF NOT EXISTS advisory_token')
  const isDone = async (statement: string, k: string): Promise<boolean> =>
    (await client.query<{ done: boolean }>(statement, [k])).rows[0]?.done === true
  return {
    tells: false,
    async acquire({ k }) {
      const untilMs = performance.now() + ttlMs
      if (!(await isDone(TAKE, k))) throw Object.assign(new Error(`${k} is busy`), { code: 'WAIT_TIMEOUT' })
      const { rows } = await client.query<{ token: string }>(TOKEN)
      return {
        token: BigInt(rows[0]?.token ?? 0),
        isHeld: () => true,
        remainingMs: () => untilMs - performance.now(),
        release: async () => ((await isDone(GIVE_BACK, k)) ? 'released' : 'expired'),
      }
    },
    close: () => client.end(),
  }
}
