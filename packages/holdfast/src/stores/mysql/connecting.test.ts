/**
 * Connections that end in the moment in which they come about.
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/mariadb/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { RowDataPacket } from 'mysql2'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { again, claim, held } from '../claims.fixture.ts'
import { Way } from '../way.fixture.ts'
import { mysql } from './index.ts'
import { Stage } from './mysql.fixture.ts'

const stage = new Stage()
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

/** The OK that ends a handshake: a length, a place, and a zero. */
const READY = /^[\s\S]{3}[\s\S]\0/

/** MySQL says why, from 8.0.24 on; MariaDB 10.11 only closes. */
function ending(words: string): Buffer {
  const payload = Buffer.concat([Buffer.from([0xff, 0xbf, 0x0f]), Buffer.from(`#HY000${words}`)])
  return Buffer.concat([Buffer.from([payload.length, 0, 0, 0]), payload])
}

test.each([
  { driver: 'mysql2', lastWords: ending('The client was disconnected') },
  { driver: 'mysql2', lastWords: Buffer.alloc(0) },
  { driver: 'mariadb', lastWords: ending('The client was disconnected') },
  { driver: 'mariadb', lastWords: Buffer.alloc(0) },
] as const)(
  'a connection that is ready and ended in one breath is an answer to its asker, and ends no process: $driver, $lastWords.length bytes of last words',
  async ({ driver, lastWords }) => {
    await using way = new Way(engine)
    const url = `mariadb://root@127.0.0.1:${await way.open()}/locks`
    const options = { connectionLimit: 2, connectAttributes: { program_name: 'ended' } }
    const pool =
      driver === 'mysql2' ? stage.pool({ url }, options) : stage.mariadbPool({ url }, { ...options, minimumIdle: 0 })
    const store = await stage.opened(mysql(pool))
    // The first one is given out, so that the next work needs another one.
    const taken = (await pool.getConnection()) as { release(): unknown }
    const person = stage.pool(engine)
    const [before] = await person.query<RowDataPacket[]>('SELECT max(ID) AS id FROM information_schema.PROCESSLIST')
    way.keep()
    const asked = claim(`n!${driver}-${lastWords.length}`)
    const asking = store.enter(asked).then(
      () => 'answered',
      (error: { readonly code?: string }) => error.code,
    )
    await expect.poll(() => way.said).toMatch(READY)
    const [rows] = await person.query<RowDataPacket[]>(
      `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID > ${before[0]?.['id']} AND ID <> CONNECTION_ID()`,
    )
    for (const { id } of rows) await person.query(`KILL ${id}`).catch(() => undefined)
    await expect.poll(() => way.isOver).toBe(true)
    way.give(lastWords)
    expect(['answered', 'OUTCOME_UNKNOWN', 'STORE_UNAVAILABLE', 'NOT_APPLIED']).toContain(await asking)
    taken.release()
    held(await again(() => store.enter(asked)))
  },
)
