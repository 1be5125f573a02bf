/** One line on a terminal while a run is played: what it is at, how long that lasts, grants, and faults by name. */
import type { HistoryEvent } from '@holdfast/testbed/history'
import { faultNamed } from '../faults/choice.ts'
import { GrantCount } from '../history/grant-count.ts'
import type { RunObserver, RunPhase } from '../run-observer.ts'
import type { Settings } from '../settings.ts'

export interface Terminal {
  readonly columns?: number | undefined
  write(text: string): unknown
}

const PHASES: Readonly<Record<RunPhase, string>> = {
  start: 'workers start',
  storm: 'faults',
  calm: 'healed, calm',
  finish: 'workers finish',
  last: 'every lock once more',
  judge: 'judges the history',
}
const REDRAW_MS = 500
const COLUMNS_DEFAULT = 80
const CLEAR = '\r\u001b[K'

export class Progress implements RunObserver {
  readonly #terminal: Terminal
  readonly #count: GrantCount
  readonly #faults: ReadonlyMap<string, { readonly begins: string; made: number }>
  readonly #timer: NodeJS.Timeout
  #phase: RunPhase = 'start'
  #endsAtMs: number | undefined
  #grants = 0
  #grantsPerSecond = 0

  constructor(terminal: Terminal, { scheme, faults }: Pick<Settings, 'scheme' | 'faults'>, folder: string) {
    this.#terminal = terminal
    this.#count = new GrantCount(folder)
    this.#faults = new Map(faults.map((name) => [name, { begins: faultNamed(scheme, name)?.begins ?? name, made: 0 }]))
    this.#timer = setInterval(() => this.#look(), REDRAW_MS).unref()
  }

  phase(phase: RunPhase, forMs?: number): void {
    this.#phase = phase
    this.#endsAtMs = forMs === undefined ? undefined : performance.now() + forMs
    this.#draw()
  }

  note({ f, in: input }: HistoryEvent): void {
    if (f !== 'nemesis') return
    for (const fault of this.#faults.values()) if (fault.begins === input?.['kind']) fault.made += 1
    this.#draw()
  }

  /** The line is free again for whatever is printed next. */
  close(): void {
    clearInterval(this.#timer)
    this.#terminal.write(CLEAR)
  }

  #look(): void {
    const grants = this.#count.read()
    this.#grantsPerSecond = Math.round(((grants - this.#grants) / REDRAW_MS) * 1_000)
    this.#grants = grants
    this.#draw()
  }

  #draw(): void {
    const leftMs = this.#endsAtMs === undefined ? undefined : Math.max(0, this.#endsAtMs - performance.now())
    const left = leftMs === undefined ? '' : ` ${Math.ceil(leftMs / 1_000)} s left`
    const made = [...this.#faults].map(([name, fault]) => `${name} ${fault.made}`).join(' ')
    const parts = [`${PHASES[this.#phase]}${left}`, `${this.#grants} grants (${this.#grantsPerSecond} a second)`, made]
    const columns = this.#terminal.columns ?? COLUMNS_DEFAULT
    // A line that wraps could not be drawn over.
    this.#terminal.write(
      CLEAR +
        parts
          .join('  ')
          .slice(0, columns - 1)
          .trimEnd(),
    )
  }
}
