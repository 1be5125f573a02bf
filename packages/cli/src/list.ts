/** `holdfast ls`: every name that somebody holds or waits for, with its first holder. */
import type { LineView, Locks } from 'holdfast'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { endOf, lineDocument } from './line-view.ts'

/** Lines looked at together: a listing must not take a whole connection pool. */
const AT_ONCE = 8

export async function listCommand(context: Context, prefix: string, options: GlobalOptions): Promise<number> {
  return withLocks(context, options, async ({ locks, namespace }) => {
    const rows: (readonly string[])[] = []
    let cursor: string | undefined
    do {
      const page = await locks.list(cursor === undefined ? { prefix } : { prefix, cursor })
      for (let at = 0; at < page.names.length; at += AT_ONCE) {
        const lines = await Promise.all(page.names.slice(at, at + AT_ONCE).map((name) => lookedAt(locks, name)))
        for (const { name, line } of lines) {
          // Freed between the listing and the look.
          if (line.claims.length === 0) continue
          if (options.json === true) context.printer.document(lineDocument(namespace, name, line))
          else rows.push(rowOf(name, line))
        }
      }
      cursor = page.cursor
    } while (cursor !== undefined)
    if (rows.length > 0)
      context.printer.table(['NAME', 'STATE', 'HELD', 'WAITING', 'TOKEN', 'ENDS IN', 'OWNER', 'NOTE'], rows)
    return exitCodes.ok
  })
}

async function lookedAt(locks: Locks, name: string): Promise<{ readonly name: string; readonly line: LineView }> {
  return { name, line: await locks.inspect(name) }
}

function rowOf(name: string, line: LineView): readonly string[] {
  const held = line.claims.filter(({ state }) => state === 'held')
  const waiting = line.claims.filter(({ state }) => state === 'waiting')
  const first = held[0] ?? line.claims[0]
  if (first === undefined) return [name]
  const counts = [String(held.length), String(waiting.length)]
  return [name, first.state, ...counts, String(first.token ?? '-'), endOf(first), first.owner, first.note]
}
