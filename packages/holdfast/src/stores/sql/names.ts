/** Names and texts inside of SQL. */
import { Misuse } from '../../store/errors.ts'

/** PostgreSQL cuts longer names off, and then two names may be one. */
const NAME_BYTES_MAX = 63

/** Throws `Misuse` for what cannot be the name of a table or a schema. */
export function checkedName(what: string, name: string): string {
  if (typeof name !== 'string' || name === '' || name.includes('\0') || !name.isWellFormed()) {
    throw new Misuse(`${what} must be a name: text that is not empty and has no NUL`)
  }
  if (new TextEncoder().encode(name).length > NAME_BYTES_MAX) {
    throw new Misuse(`${what} must have at most ${NAME_BYTES_MAX} bytes, got ${JSON.stringify(name)}`)
  }
  return name
}

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text as PostgreSQL reads it whatever its settings are: no sign in it means anything. */
export function quotedText(text: string): string {
  let tag = '$h$'
  while (text.includes(tag.slice(0, -1))) tag = `$h${crypto.randomUUID().slice(0, 8)}$`
  return `${tag}${text}${tag}`
}
