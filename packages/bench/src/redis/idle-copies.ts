/** Copies of what one used name leaves on a server, under other names. */
import type { Server } from './server.ts'

/** By one script: short enough for any limit on how long a script may run. */
const COPIES_AT_ONCE = 20_000

const COPY = `local text, life, head, tail = redis.call('DUMP', KEYS[1]), redis.call('PTTL', KEYS[1]), ARGV[1], ARGV[2]
for number = tonumber(ARGV[3]), tonumber(ARGV[4]) do
  redis.call('RESTORE', head .. number .. tail, math.max(life, 0), text)
end`

/** The name ends with a 0, which becomes 1, 2, 3 … What leaves nothing on the server has nothing to copy. */
export async function copyIdle(server: Server, name: string, copies: number): Promise<void> {
  const keys = ((await server.command('KEYS', `*${name}*`)) as readonly unknown[]).map(String)
  for (const key of keys) {
    const end = key.indexOf(name) + name.length
    const [head, tail] = [key.slice(0, end - 1), key.slice(end)]
    for (let from = 1; from <= copies; from += COPIES_AT_ONCE) {
      const to = Math.min(copies, from + COPIES_AT_ONCE - 1)
      await server.command('EVAL', COPY, '1', key, head, tail, String(from), String(to))
    }
  }
}
