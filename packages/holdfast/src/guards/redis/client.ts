/** The part of a Redis driver that the guards use: one command and its answer; and a script by its hash. */
import { createHash } from 'node:crypto'
import { Misuse, OutcomeUnknown } from '../../store/errors.ts'

/** A client of ioredis or node-redis, of one server, of a Cluster or behind Sentinels, or any object with `send`. */
export type RedisCommands =
  | { call(command: string, args: string[]): Promise<unknown> }
  | { sendCommand(words: readonly string[]): Promise<unknown> }
  | {
      readonly masters: readonly unknown[]
      sendCommand(firstKey: string, isReadonly: boolean, words: string[]): Promise<unknown>
    }
  | { getSentinelNode(): unknown; sendCommand(isReadonly: boolean, words: string[]): Promise<unknown> }
  | { send(words: readonly string[], key?: string): Promise<unknown> }

/** The key is one of the command's, for a client that has to find the server. */
export type Send = (words: readonly string[], key: string) => Promise<unknown>

export function senderOf(client: RedisCommands): Send {
  if (typeof client === 'object' && client !== null) {
    // ioredis has a sendCommand too, which takes something else.
    if ('call' in client) return ([command = '', ...args]) => client.call(command, args)
    if ('masters' in client) return (words, key) => client.sendCommand(key, false, [...words])
    if ('getSentinelNode' in client) return (words) => client.sendCommand(false, [...words])
    if ('sendCommand' in client) return (words) => client.sendCommand(words)
    if ('send' in client) return (words, key) => client.send(words, key)
  }
  throw new Misuse('a guard for Redis takes a client of ioredis or redis, or an object { send }')
}

/** The text is sent once for each server; what else goes wrong is thrown on as the driver has it. */
export async function runScript(
  send: Send,
  text: string,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args]
  const [key = ''] = keys
  try {
    return await send(['EVALSHA', createHash('sha1').update(text).digest('hex'), ...rest], key)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT ')) throw error
    return send(['EVAL', text, ...rest], key)
  }
}

/**
 * What was answered. A driver in the middle of a transaction answers `QUEUED`, one that was told to may answer with types
 * of its own: what is not understood is never taken for a yes, or for nothing.
 */
export function partsOf(answer: unknown, key: string): readonly unknown[] {
  if (!Array.isArray(answer)) throw misunderstood(answer, key)
  return answer as readonly unknown[]
}

/** As a string, or as bytes where the client was told to give these. */
export function textOf(part: unknown, key: string): string {
  if (typeof part === 'string') return part
  if (part instanceof Uint8Array) return Buffer.from(part).toString()
  throw misunderstood(part, key)
}

function misunderstood(answer: unknown, key: string): OutcomeUnknown {
  const kind = answer === null ? 'null' : Array.isArray(answer) ? 'an array' : `a ${typeof answer}`
  return new OutcomeUnknown(
    `${key}: the driver answered with ${kind} where a list of texts is needed. Give the guard a client that is not in a ` +
      'transaction or pipeline, and that gives strings or Buffers',
  )
}
