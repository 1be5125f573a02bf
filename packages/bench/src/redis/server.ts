/** One real Redis for a measurement, with what it says of itself: its CPU and how many commands it carried out. */
import { redis, RespConnection } from '@holdfast/testbed/engines'
import type { Readings } from '../slices.ts'

export interface Server {
  readonly url: string
  /** The version, for people. */
  readonly name: string
  command(...words: readonly string[]): Promise<unknown>
  /**
   * `serverCpuMs` is that of its main thread, which carries out all commands; `executed` counts what scripts call as
   * well; neither this question nor its own commands are commands of a client.
   */
  readings(): Promise<Readings>
}

export async function withServer<T>(work: (server: Server) => Promise<T>): Promise<T> {
  await using engine = await redis.start()
  await using connection = await RespConnection.open(engine.url)
  const command = (...words: readonly string[]): Promise<unknown> => connection.command(...words)
  const { url, name } = engine
  const readings = async (): Promise<Readings> =>
    readingsOf(String(await command('INFO', 'cpu', 'commandstats', 'memory')))
  return await work({ url, name, command, readings })
}

const COUNTED = /^cmdstat_(?!info\b)[^:]+:calls=(\d+)/gm

/** From the text of INFO. */
export function readingsOf(info: string): Readings {
  const field = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? Number.NaN)
  return {
    serverCpuMs: (field('used_cpu_user_main_thread') + field('used_cpu_sys_main_thread')) * 1000,
    executed: [...info.matchAll(COUNTED)].reduce((sum, [, calls]) => sum + Number(calls), 0),
    usedBytes: field('used_memory'),
  }
}
