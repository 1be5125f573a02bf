/** `holdfast ls`: every name that is held or waited for, with its first holder. */
import type { LineView } from 'holdfast'
import { type Context, withLocks } from './context.ts'
import { endOf, lineDocument } from './line-view.ts'
import { codeOfLook, looksAt, type LookOptions, type NamedLine, tellUnreadable } from './look.ts'

export async function listCommand(context: Context, prefix: string, options: LookOptions): Promise<number> {
  return withLocks(context, options, async ({ locks, namespace }) => {
    const rows: (readonly string[])[] = []
    const seen: LineView[] = []
    let cursor: string | undefined
    do {
      const page = await locks.list(cursor === undefined ? { prefix } : { prefix, cursor })
      const { lines, unreadable } = await looksAt(locks, page.names)
      for (const each of unreadable) tellUnreadable(context.printer, each)
      for (const named of lines) {
        seen.push(named.line)
        if (options.json === true) context.printer.document(lineDocument(namespace, named.name, named.line))
        else rows.push(rowOf(named))
      }
      cursor = page.cursor
    } while (cursor !== undefined)
    if (rows.length > 0)
      context.printer.table(['NAME', 'STATE', 'HELD', 'WAITING', 'TOKEN', 'ENDS IN', 'OWNER', 'NOTE'], rows)
    return codeOfLook(options, seen)
  })
}

function rowOf({ name, line }: NamedLine): readonly string[] {
  const held = line.claims.filter(({ state }) => state === 'held')
  const waiting = line.claims.filter(({ state }) => state === 'waiting')
  const first = held[0] ?? line.claims[0]
  if (first === undefined) return [name]
  const counts = [String(held.length), String(waiting.length)]
  return [name, first.state, ...counts, String(first.token ?? '-'), endOf(first), first.owner, first.note]
}
