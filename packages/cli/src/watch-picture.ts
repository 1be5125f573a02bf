/** The picture of `holdfast watch` on a terminal, drawn again and again, and the keys where there is a keyboard. */
import type { Locks } from 'holdfast'
import { within } from './call-limit.ts'
import { type Key, Keyboard } from './keyboard.ts'
import type { Printer } from './printer.ts'
import { Screen } from './screen.ts'
import { shortDuration } from './text.ts'
import { type EvictionForm, WatchControls } from './watch-controls.ts'
import { type Display, frameOf, type Showing } from './watch-display.ts'
import { frameLines } from './watch-frame.ts'
import type { LiveView } from './watch-live.ts'
import { polledInWords, timeOfDay } from './watch-words.ts'

const EVICTION_MS_MAX = 5_000

export function picture(printer: Printer, locks: Locks, showing: Showing): Display {
  return new Picture(printer, locks, showing)
}

class Picture implements Display {
  readonly showsEnds = true
  readonly #printer: Printer
  readonly #locks: Locks
  readonly #showing: Showing
  readonly #screen: Screen
  readonly #controls: WatchControls | undefined
  #live: LiveView | undefined
  #trouble: string | undefined

  constructor(printer: Printer, locks: Locks, showing: Showing) {
    const { stdin } = printer.streams
    this.#printer = printer
    this.#locks = locks
    this.#showing = showing
    this.#controls = stdin.isTTY ? new WatchControls() : undefined
    const keyboard = stdin.isTTY ? new Keyboard(stdin, (key) => this.#press(key)) : undefined
    this.#screen = new Screen(printer, () => this.#draw(), keyboard)
    this.#screen.open()
  }

  /** Without keys no more can be seen than fit: each takes a row. */
  get namesMax(): number {
    const { namesMax } = this.#showing
    return this.#controls === undefined ? Math.min(namesMax, Math.max(1, this.#screen.size.rows)) : namesMax
  }

  get wanted(): WatchControls | undefined {
    return this.#controls
  }

  show(live: LiveView): void {
    this.#live = live
    this.#trouble = undefined
    this.#draw()
  }

  trouble(words: string, ageMs: number): void {
    this.#trouble = `the picture is ${shortDuration(ageMs)} old: ${words}`
    this.#draw()
  }

  close(): void {
    this.#screen.close()
  }

  #draw(): void {
    const live = this.#live
    if (live === undefined) return
    const { title, polling } = this.#showing
    const notice = polledInWords(live.view, polling)
    const words = { title: `${timeOfDay(new Date())} ${title}`, notice, trouble: this.#trouble }
    const frame = frameOf(this.#printer, live, words)
    const controls = this.#controls
    if (frame === undefined) return
    this.#screen.draw(frameLines(controls === undefined ? frame : { ...frame, controls }, this.#screen.size))
  }

  #press(key: Key): void {
    const view = this.#live?.view
    const effect = view === undefined ? undefined : this.#controls?.press(key, view)
    // Before the first look there is nothing to choose, and leaving is possible all the same.
    if (effect?.kind === 'quit' || (view === undefined && key.name === 'text' && key.text === 'q')) {
      this.#showing.person.onQuit()
      return
    }
    if (effect?.kind === 'look') this.#showing.person.onLook()
    if (effect?.kind === 'evict') void this.#evict(effect.form)
    this.#draw()
  }

  /** Sent once, for the token that was shown. */
  async #evict({ name, token, reason }: EvictionForm): Promise<void> {
    this.#say(`evicting token ${token} from ${name} …`)
    try {
      const outcome = await within(EVICTION_MS_MAX, 'to the eviction', this.#locks.evict(name, { token, reason }))
      this.#say(
        outcome === 'evicted'
          ? `evicted token ${token} from ${name}`
          : `token ${token} does not hold ${name} any more; nothing was done`,
      )
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error)
      this.#say(`no answer to the eviction of token ${token}, look at the line: ${words}`)
    }
  }

  #say(notice: string): void {
    if (this.#controls !== undefined) this.#controls.notice = notice
    this.#draw()
  }
}
