/**
 * The protected lists on a Redis of their own, with the shipped guard or without it. One script changes the list and writes
 * down what was admitted, so the log is in the server's own order.
 */
import type { Fenced } from 'holdfast'
import { fence, type RedisFence } from 'holdfast/guards/redis'
import { RespConnection, type RespValue } from '@holdfast/testbed/engines/redis/resp'
import type { HistoryEvent } from '@holdfast/testbed/history'
import type { ProtectedResource } from './protected-resource.ts'
import { commitEvent, type FinalList, finalEvents, type LogEntry } from './resource-log.ts'

const LOG = 'lab:log'
const LISTS = 'lab:lists'
const listKey = (list: string): string => `lab:list:${list}`

/** KEYS: log, list, lists. ARGV: the entry, its kind, base, element, name of the list. */
const WORK = `
local version = redis.call('LLEN', KEYS[2])
if ARGV[2] == 'write' then
  local base = tonumber(ARGV[3])
  if base == 0 then redis.call('DEL', KEYS[2]) else redis.call('LTRIM', KEYS[2], 0, base - 1) end
  redis.call('RPUSH', KEYS[2], ARGV[4])
  redis.call('SADD', KEYS[3], ARGV[5])
end
redis.call('RPUSH', KEYS[1], ARGV[1])
return version`

/** Far above any stop of a worker: the answer that lies there when it goes on must not count as missing. */
const ANSWER_WITHIN_MS = 10 * 60_000

interface Options {
  readonly process: string
  readonly guard: boolean
}

export async function openRedisResource(url: string, { process, guard }: Options): Promise<ProtectedResource> {
  const connection = await RespConnection.open(url, { withinMs: ANSWER_WITHIN_MS })
  const send = (words: readonly string[]): Promise<RespValue> => connection.command(...words)
  const fenced = guard ? fence({ send }) : undefined
  return new RedisResource(process, send, fenced, connection)
}

class RedisResource implements ProtectedResource {
  readonly #process: string
  readonly #send: (words: readonly string[]) => Promise<RespValue>
  readonly #fence: RedisFence | undefined
  readonly #connection: RespConnection

  constructor(
    process: string,
    send: (words: readonly string[]) => Promise<RespValue>,
    fence: RedisFence | undefined,
    connection: RespConnection,
  ) {
    this.#process = process
    this.#send = send
    this.#fence = fence
    this.#connection = connection
  }

  async enter(holder: Fenced): Promise<void> {
    await this.#admitted(holder, { kind: 'enter' })
  }

  async versionOf(list: string): Promise<number> {
    return Number(await this.#send(['LLEN', listKey(list)]))
  }

  checkedRead(holder: Fenced): Promise<number> {
    return this.#admitted(holder, { kind: 'read' })
  }

  async write(holder: Fenced, base: number, element: string): Promise<void> {
    await this.#admitted(holder, { kind: 'write', base, element })
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  /** Answers the version before. */
  async #admitted(holder: Fenced, change: Pick<LogEntry, 'kind' | 'base' | 'element'>): Promise<number> {
    const { name: list, token, mode } = holder
    const t = globalThis.process.hrtime.bigint().toString()
    const entry: LogEntry = { t, p: this.#process, list, token: String(token), raises: mode === 'exclusive', ...change }
    const keys = [LOG, listKey(list), LISTS]
    const args = [JSON.stringify(entry), change.kind, String(change.base ?? 0), change.element ?? '', list]
    if (this.#fence !== undefined) return Number(await this.#fence.run(holder, { lua: WORK, keys, args }))
    return Number(await this.#send(['EVAL', WORK, String(keys.length), ...keys, ...args]))
  }
}

/** What the resource wrote down, and its final values, as events of a history. */
export async function redisResourceEvents(url: string): Promise<HistoryEvent[]> {
  await using connection = await RespConnection.open(url)
  const log = wordsOf(await connection.command('LRANGE', LOG, 0, -1)).map((line, index) =>
    commitEvent(JSON.parse(line) as LogEntry, index),
  )
  const lists: FinalList[] = []
  for (const name of wordsOf(await connection.command('SMEMBERS', LISTS)))
    lists.push({ name, elements: wordsOf(await connection.command('LRANGE', listKey(name), 0, -1)).join(',') })
  return [...log, ...finalEvents(lists, log.length)]
}

function wordsOf(answer: RespValue): readonly string[] {
  return Array.isArray(answer) ? answer.map(String) : []
}
