/** Names and texts inside of statements, which mean the same in every sql_mode and in every character set. */
import { Misuse } from '../../store/errors.ts'
import { checkedName } from '../sql/names.ts'

export function quotedName(what: string, name: string): string {
  // It ends a name with a blank in no place, and it keeps letters of the basic plane alone.
  if (/ $|[\u{10000}-\u{10ffff}]/u.test(checkedName(what, name))) {
    throw new Misuse(`${what} must not end with a blank, nor have characters above U+FFFF`)
  }
  return `\`${name.replaceAll('`', '``')}\``
}

/** Bytes, in which no sign means anything. */
export function bytes(text: string): string {
  return `X'${Buffer.from(text, 'utf8').toString('hex')}'`
}

/** A text of ours that is a number; anything else throws. */
export function whole(text: string | bigint): string {
  return String(BigInt(text))
}
