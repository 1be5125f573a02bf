/** Commands to a Redis of the run, and what it reports of its replication. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { RespConnection, type RespValue } from '@holdfast/testbed/engines/redis/resp'

export async function command({ url }: Engine, ...words: readonly (string | number)[]): Promise<RespValue> {
  await using connection = await RespConnection.open(url)
  return await connection.command(...words)
}

export async function replicationOf(engine: Engine): Promise<string> {
  return String(await command(engine, 'INFO', 'replication'))
}

/** How much of the stream of changes it has sent, or heard of, in bytes. */
export async function offsetOf(engine: Engine, field: 'master_repl_offset' | 'slave_repl_offset'): Promise<number> {
  const found = new RegExp(`${field}:(\\d+)`).exec(await replicationOf(engine))
  return Number(found?.[1] ?? 0)
}
