/** Counts the requests that all connections of a driver in this process send. */
import type { Connection as MysqlConnection } from 'mysql2'

let sent = 0
const counted = new Set<object>()

export async function countStatements(url: string): Promise<() => number> {
  const prototype = url.startsWith('postgres')
    ? (await import('pg')).default.Client.prototype
    : ((await import('mysql2')).default as unknown as { Connection: { prototype: MysqlConnection } }).Connection
        .prototype
  count(prototype)
  return () => sent
}

function count(prototype: { query: unknown }): void {
  if (counted.has(prototype)) return
  counted.add(prototype)
  const { query } = prototype as { query: (...args: unknown[]) => unknown }
  prototype.query = function (this: unknown, ...args: unknown[]) {
    sent += 1
    return query.apply(this, args)
  }
}
