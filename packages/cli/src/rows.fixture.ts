/** Tables of databases in the tests of every command: what is no lock, in the place of the lock `bad`. */
import type { Engine } from '@holdfast/testbed/engines'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'

export async function damagePostgresRow({ url }: Engine): Promise<void> {
  const client = new Client(url)
  await client.connect()
  await client.query("INSERT INTO holdfast.lines VALUES ('default!bad', 1, 1, 'x')")
  await client.end()
}

export async function damageMysqlRow({ url }: Engine): Promise<void> {
  const connection = await createConnection(url)
  await connection.query("INSERT INTO holdfast_lines VALUES ('default!bad', 1, 1, 'x')")
  await connection.end()
}
