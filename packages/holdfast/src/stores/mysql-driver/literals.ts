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

/** A number as text in one byte a digit, whatever the character set of the session is. */
export function digits(number: string): string {
  return `CAST(${number} AS CHAR CHARACTER SET ascii)`
}

/** Of the version of a new row: a row that is made again does not count through the versions of the lost one. */
const VERSION_START_BITS = 60

export function startVersion(): string {
  const [random = 0n] = crypto.getRandomValues(new BigUint64Array(1))
  return whole(BigInt.asUintN(VERSION_START_BITS, random))
}
