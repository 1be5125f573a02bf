/** The names of recipes on the store: ordinary names that show their kind, so that every command of an operator works on them. */
import { createHash } from 'node:crypto'
import { NAME_BYTES_MAX } from '../store/limits.ts'
import { encodeName } from '../store/names.ts'

const HASH_LENGTH = 43

/** `<kind>:<name>`; a name that would be too long ends in `#` and a hash of the whole. Throws `Misuse` for what is no text. */
export function recipeName(kind: string, name: string): string {
  const full = `${kind}:${name}`
  if (typeof name === 'string' && Buffer.byteLength(full) > NAME_BYTES_MAX && full.isWellFormed())
    return shortened(full)
  encodeName('name', name)
  encodeName('name', full)
  return full
}

function shortened(full: string): string {
  let kept = ''
  let bytes = 0
  for (const character of full) {
    bytes += Buffer.byteLength(character)
    if (bytes > NAME_BYTES_MAX - HASH_LENGTH - 1) break
    kept += character
  }
  const short = `${kept}#${createHash('sha256').update(full).digest('base64url')}`
  encodeName('name', short)
  return short
}
