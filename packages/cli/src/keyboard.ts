/** The keys of a terminal, borrowed with its screen: what a person presses, one by one, and pasted text as text. */
import { emitKeypressEvents, type Key as TerminalKey } from 'node:readline'
import type { ReadStream } from 'node:tty'

const NAMES = {
  up: 'up',
  down: 'down',
  left: 'left',
  pageup: 'pageup',
  pagedown: 'pagedown',
  home: 'home',
  end: 'end',
  return: 'enter',
  enter: 'enter',
  escape: 'escape',
  backspace: 'backspace',
} as const

/** A key with a meaning of its own, or text. */
export type Key =
  | { readonly name: (typeof NAMES)[keyof typeof NAMES] | 'erase' }
  | { readonly name: 'text'; readonly text: string }

/** What a terminal makes of these itself, unless single keys are read. */
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = { c: 'SIGINT', z: 'SIGTSTP', '\\': 'SIGQUIT' }
/** Pasted text comes between two marks, so that a line break in it presses no Enter. */
export const PASTE_ON = '\u001b[?2004h'
export const PASTE_OFF = '\u001b[?2004l'

export class Keyboard {
  readonly #stdin: ReadStream
  readonly #onKey: (key: Key) => void
  #isPasting = false

  constructor(stdin: ReadStream, onKey: (key: Key) => void) {
    this.#stdin = stdin
    this.#onKey = onKey
  }

  open(): void {
    this.#isPasting = false
    emitKeypressEvents(this.#stdin)
    this.#stdin.on('keypress', this.#onPress)
    // A terminal that is gone ends the program with a signal of its own.
    this.#stdin.on('error', ignore)
    this.#stdin.setRawMode(true)
    this.#stdin.resume()
  }

  close(): void {
    this.#stdin.off('keypress', this.#onPress)
    this.#stdin.off('error', ignore)
    this.#stdin.setRawMode(false)
    this.#stdin.pause()
  }

  readonly #onPress = (text: string | undefined, { name = '', ctrl, meta, sequence }: TerminalKey): void => {
    if (name === 'paste-start' || name === 'paste-end') this.#isPasting = name === 'paste-start'
    else if (this.#isPasting) this.#onKey({ name: 'text', text: /^[\r\n\t]$/.test(text ?? '') ? ' ' : visible(text) })
    else if (ctrl === true) this.#onControl(name === '' && sequence === '\u001c' ? '\\' : name)
    else if (Object.hasOwn(NAMES, name)) this.#onKey({ name: NAMES[name as keyof typeof NAMES] })
    else if (meta !== true && visible(text) !== '') this.#onKey({ name: 'text', text: visible(text) })
  }

  #onControl(name: string): void {
    const signal = SIGNALS[name]
    // To the whole group, as a terminal sends it: a launcher before this process stops with it.
    if (signal !== undefined) process.kill(0, signal)
    else if (name === 'u') this.#onKey({ name: 'erase' })
  }
}

function ignore(): void {
  // Nothing to do: see where it is used.
}

/** Controls are no text. */
function visible(text: string | undefined): string {
  return text === undefined || /^[\p{Cc}\p{Cf}]/u.test(text) ? '' : text
}
