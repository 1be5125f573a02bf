/**
 * One encoding of names for every engine: injective, prefix-preserving, case kept; only letters, digits, `-`, `_`,
 * `.`, `:` stand for themselves and every other byte becomes `%XX`. No slash (ZooKeeper, files), no brace (Redis
 * Cluster would hash a part of it), no NUL (PostgreSQL), nothing that folds case.
 */
import { NAME_BYTES_MAX } from './limits.ts'
import { Misuse } from './errors.ts'

/** Stands between namespace and name; it cannot occur in an encoded part, so no two pairs meet in one resource. */
const SEPARATOR = '!'
const PLAIN = /^[A-Za-z0-9\-_.:]+$/
const encoder = new TextEncoder()
// A name may begin with U+FEFF, which a decoder drops unless told otherwise.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The key of a lock below the seam. */
export function resourceOf(namespace: string, name: string): string {
  return encodeName('namespace', namespace) + SEPARATOR + encodeName('name', name)
}

/** The start that all resources of a namespace whose names begin with `prefix` have in common. */
export function resourcePrefixOf(namespace: string, prefix: string): string {
  return encodeName('namespace', namespace) + SEPARATOR + (prefix === '' ? '' : encodeName('prefix', prefix))
}

/** The reverse of `resourceOf`; throws `Misuse` for text that it never makes. */
export function namesOf(resource: string): { readonly namespace: string; readonly name: string } {
  const [namespace, name, ...rest] = resource.split(SEPARATOR)
  if (namespace === undefined || name === undefined || rest.length > 0) {
    throw new Misuse(`not an encoded resource: ${JSON.stringify(resource.slice(0, NAME_BYTES_MAX))}`)
  }
  return { namespace: decodeName(namespace), name: decodeName(name) }
}

/** Whether `resourceOf` makes it: the key of another program may begin as one of ours. */
export function isResource(text: string): boolean {
  try {
    namesOf(text)
    return true
  } catch {
    return false
  }
}

/** Validates and encodes one part. `what` names the argument in the error. */
export function encodeName(what: string, text: string): string {
  if (typeof text !== 'string') throw new Misuse(`${what} must be a string, got ${typeof text}`)
  if (text === '') throw new Misuse(`${what} must not be empty`)
  if (!text.isWellFormed())
    throw new Misuse(`${what} must be well-formed Unicode: it contains half of a surrogate pair`)
  if (text.includes('\0')) throw new Misuse(`${what} must not contain NUL`)
  if (PLAIN.test(text) && text.length <= NAME_BYTES_MAX) return text
  const bytes = encoder.encode(text)
  if (bytes.length > NAME_BYTES_MAX) {
    throw new Misuse(`${what} must be at most ${NAME_BYTES_MAX} bytes of UTF-8, got ${bytes.length}`)
  }
  let encoded = ''
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    encoded += PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

export function decodeName(encoded: string): string {
  if (PLAIN.test(encoded)) return encoded
  const notEncoded = (cause?: unknown): Misuse =>
    new Misuse(`not an encoded name: ${JSON.stringify(encoded.slice(0, NAME_BYTES_MAX))}`, { cause })
  if (!/^(?:[A-Za-z0-9\-_.:]|%[0-9A-F]{2})+$/.test(encoded)) throw notEncoded()
  const bytes = Uint8Array.from(encoded.match(/%[0-9A-F]{2}|./g) ?? [], (part) =>
    part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0),
  )
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch (cause) {
    throw notEncoded(cause)
  }
  // "%41" would be a second spelling of "A".
  if (encodeName('name', text) !== encoded) throw notEncoded()
  return text
}
