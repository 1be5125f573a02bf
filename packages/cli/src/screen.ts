/** The terminal of a live view: borrowed while it lasts, and given back as it was however the view ends. */
import { styleText } from 'node:util'
import type { Printer } from './printer.ts'
import { type Keyboard, PASTE_OFF, PASTE_ON } from './keyboard.ts'
import type { Size } from './watch-frame.ts'
import type { FrameLine, Tone } from './watch-table.ts'

// xterm's control sequences, which every terminal of today knows.
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'
/** What is between these is shown at once where the terminal can do that, and is drawn as it comes elsewhere. */
const BEGIN_UPDATE = '\u001b[?2026h'
const END_UPDATE = '\u001b[?2026l'

/** What a terminal without a size is taken for. */
const SIZE_DEFAULT: Size = { columns: 80, rows: 24 }

const STYLES = {
  title: 'bold',
  head: 'dim',
  fresh: ['bold', 'green'],
  lost: 'red',
  quiet: 'dim',
  trouble: ['bold', 'yellow'],
  selected: 'inverse',
  plain: 'reset',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>

export class Screen {
  readonly #printer: Printer
  readonly #redraw: () => void
  readonly #keyboard: Keyboard | undefined
  #isBorrowed = false

  /** `redraw` is called when the size has changed or the view comes back from the background. */
  constructor(printer: Printer, redraw: () => void, keyboard?: Keyboard) {
    this.#printer = printer
    this.#redraw = redraw
    this.#keyboard = keyboard
  }

  get size(): Size {
    const { columns, rows } = this.#printer.streams.stdout
    return { columns: columns || SIZE_DEFAULT.columns, rows: rows || SIZE_DEFAULT.rows }
  }

  open(): void {
    this.#borrow()
    this.#printer.streams.stdout.on('resize', this.#redraw)
    process.on('exit', this.#giveBack)
    process.on('SIGTSTP', this.#onSuspend)
    process.on('SIGCONT', this.#onResume)
  }

  close(): void {
    this.#giveBack()
    this.#printer.streams.stdout.off('resize', this.#redraw)
    process.off('exit', this.#giveBack)
    process.off('SIGTSTP', this.#onSuspend)
    process.off('SIGCONT', this.#onResume)
  }

  draw(lines: readonly FrameLine[]): void {
    if (!this.#isBorrowed) return
    const text = lines.map((line) => this.#styled(line) + CLEAR_LINE).join('\r\n')
    this.#printer.paint(BEGIN_UPDATE + HOME + text + CLEAR_BELOW + END_UPDATE)
  }

  #styled({ text, tone }: FrameLine): string {
    return tone === 'plain' ? text : styleText(STYLES[tone], text, { stream: this.#printer.streams.stdout })
  }

  #borrow(): void {
    this.#isBorrowed = true
    this.#printer.paint(ENTER)
    if (this.#keyboard === undefined) return
    this.#printer.paint(PASTE_ON)
    this.#keyboard.open()
  }

  readonly #giveBack = (): void => {
    if (!this.#isBorrowed) return
    this.#isBorrowed = false
    this.#keyboard?.close()
    this.#printer.paint(this.#keyboard === undefined ? LEAVE : PASTE_OFF + LEAVE)
  }

  /** Ctrl-Z: the shell gets its screen, and the process really stops. */
  readonly #onSuspend = (): void => {
    this.#giveBack()
    process.kill(process.pid, 'SIGSTOP')
  }

  readonly #onResume = (): void => {
    this.#giveBack()
    this.#borrow()
    this.#redraw()
  }
}
