/**
 * Statements that tell other processes. NOTIFY takes a lock of the whole database at the commit, so it is left out where no
 * process need be told.
 */
import { quotedText } from '../sql/names.ts'

interface Message {
  readonly channel: string
  readonly text: string
}

/** A statement that changes one row and returns its version, and tells them if it did. */
export function changeAndNotify(change: string, messages: readonly Message[]): string {
  if (messages.length === 0) return `WITH changed AS (${change}) SELECT version::text AS version FROM changed`
  const rows = messages.map(({ channel, text }) => `(${quotedText(channel)}, ${quotedText(text)})`)
  return `WITH changed AS (${change}) SELECT max(c.version)::text AS version, count(pg_notify(n.channel, n.text))
    FROM changed AS c CROSS JOIN (VALUES ${rows.join(', ')}) AS n (channel, text) HAVING count(*) > 0`
}

/** Behind a semicolon. */
export function thenNotify(messages: readonly Message[]): string {
  if (messages.length === 0) return ''
  return `; SELECT ${messages.map(({ channel, text }) => `pg_notify(${quotedText(channel)}, ${quotedText(text)})`).join(', ')}`
}
