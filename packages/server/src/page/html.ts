/** Markup in which nothing that a program chose, such as the name of a lock, can be anything but text. */

/** Text that is markup already. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type HtmlPart = string | number | Html | readonly Html[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Letters that are not shown, or turn the direction of what follows: a name could look like another one. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Each value is text, unless `html` made it. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlPart[]): Html {
  const rest = values.map((value, index) => `${markup(value)}${parts[index + 1] ?? ''}`)
  return new Html(`${parts[0] ?? ''}${rest.join('')}`)
}

function markup(value: HtmlPart): string {
  if (value instanceof Html) return value.text
  if (typeof value === 'string' || typeof value === 'number') return escapeText(String(value))
  return value.map(({ text }) => text).join('')
}

function escapeText(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replaceAll(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
