/** Text of others on a terminal: made harmless, measured in columns, cut to fit. */
import stringWidth from 'string-width'

/** Names, owners and notes were written by others: without this an escape sequence in one would reach the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/**
 * A document for a script that is safe on a terminal, too: JSON leaves the controls above U+007E as they are, and with
 * them what begins an escape sequence or turns the direction of writing around. It reads back as the same value.
 */
export function jsonText(json: string): string {
  return json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** Names of locks in a sentence. */
export function inWords(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}

/** `1500` → `1.5s`: short enough for a column, exact enough for an eye. */
export function shortDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`
  const minutes = Math.floor(ms / 60_000)
  return minutes < 60
    ? `${minutes}m${Math.floor((ms % 60_000) / 1_000)}s`
    : `${Math.floor(minutes / 60)}h${minutes % 60}m`
}

/** What a reader sees as one character, so that no emoji is cut in two. */
const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

export function charactersOf(text: string): readonly string[] {
  return [...characters.segment(text)].map(({ segment }) => segment)
}

/** The text in at most so many columns of a terminal; what does not fit ends in `…`. */
export function clipped(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text
  let [cut, width] = ['', 0]
  for (const { segment } of characters.segment(text)) {
    width += stringWidth(segment)
    if (width > columns - 1) break
    cut += segment
  }
  return columns > 0 ? `${cut}…` : ''
}

/** Cut and padded to exactly so many columns. */
export function fitted(text: string, columns: number): string {
  const cut = clipped(text, columns)
  return cut + ' '.repeat(Math.max(0, columns - stringWidth(cut)))
}

/** The end of a text that is being typed, in at most so many columns; what does not fit begins with `…`. */
export function lastPart(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text
  let [kept, width] = ['', 0]
  for (const segment of charactersOf(text).toReversed()) {
    width += stringWidth(segment)
    if (width > columns - 1) break
    kept = segment + kept
  }
  return columns > 0 ? `…${kept}` : ''
}
