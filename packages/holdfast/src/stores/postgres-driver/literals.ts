/** A statement with its values in it, for a driver that would otherwise ask the server first what they are. */
import { quotedText } from '../sql/names.ts'

/** Names, texts and texts between dollars are passed over: a sign in them is no place of a value. */
const PLACE = /"[^"]*"|'[^']*'|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1|\$(\d+)/g

/** As the server reads `$1` itself: each a text whose type comes from where it stands. */
export function withValues(text: string, values: readonly unknown[]): string {
  return text.replace(PLACE, (found, _tag, place?: string) =>
    place === undefined ? found : quotedText(String(values[Number(place) - 1])),
  )
}

/** An array as the text that the server reads it from, for drivers that make something else of an array. */
export function arrayText(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`
}
