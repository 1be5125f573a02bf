/** Names and values as they stand inside of SQL: only what no dialect and no driver could read as anything else. */
import { Misuse } from '../../store/errors.ts'

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/
/** What `resourceOf` makes. */
const RESOURCE = /^[A-Za-z0-9\-_.:%!]+$/

/** Names cannot be bound, so only plain ones are let through. Throws `Misuse` that names the option. */
export function plainName(option: string, name: string): string {
  if (typeof name === 'string' && IDENTIFIER.test(name)) return name
  throw new Misuse(`${option} must be a letter or "_", then at most 62 letters, digits or "_"`)
}

/**
 * The key of a lock as a text. It is not bound, because libraries disagree about what a parameter looks like; the encoding of
 * names leaves no sign that means anything in a text of SQL.
 */
export function resourceText(resource: string): string {
  if (RESOURCE.test(resource)) return `'${resource}'`
  throw new Misuse(`not an encoded resource: ${JSON.stringify(resource.slice(0, 80))}`)
}

/** A text of any kind, as the digits of its bytes: no setting of a server changes how they are read. */
export function hexOf(text: string): string {
  return Buffer.from(text).toString('hex')
}
