/** The part of a Redis driver that the guards use: one command and its answer; and a script by its hash. */
import { createHash } from 'node:crypto'
import { Misuse } from '../core/errors.ts'

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
