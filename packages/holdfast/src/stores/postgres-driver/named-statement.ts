/** A statement whose text never changes, with the name under which a connection of the server may keep it prepared. */
import { createHash } from 'node:crypto'

export interface NamedStatement {
  readonly text: string
  /** Of the text, so that no two stores over one pool call different statements alike. */
  readonly name: string
}

const NAME_LENGTH = 24

export function namedStatement(text: string): NamedStatement {
  return { text, name: `holdfast-${createHash('sha256').update(text).digest('base64url').slice(0, NAME_LENGTH)}` }
}
