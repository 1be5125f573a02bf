/** What one transaction does to some lines: steps them, writes each changed one once, and gathers whom to tell. */
import type { Line, LineClaim } from '../../line/line.ts'
import type { Moment, LineStep } from '../../line/transition.ts'
import { type IsGone, stepAmongLiving } from './dead-processes.ts'
import type { LineRecord, Lines } from './record.ts'
import { looksDifferent } from '../../line/view.ts'

/** A process to be told after the commit, that it should look at a line, or at one claim in it. */
export interface Call {
  readonly channel: string
  readonly resource: string
  readonly id?: string
}

export class Transaction {
  readonly #lines: Lines
  readonly #now: Moment
  readonly #isGone: IsGone
  readonly #entries = new Map<string, { readonly before: LineRecord; after: LineRecord }>()
  // Made when they are needed, which is seldom: three maps in every step were a tenth of its cost beside SQLite.
  #told: Map<string, Call> | undefined
  #judged: Map<string, boolean> | undefined

  constructor(lines: Lines, now: Moment, isGone: IsGone) {
    this.#lines = lines
    this.#now = now
    this.#isGone = isGone
  }

  get now(): Moment {
    return this.#now
  }

  /** Runs a pure step of the claim `id` on a line; several steps of one transaction see one another. */
  apply<Answer>(
    resource: string,
    id: string | undefined,
    step: (line: Line, now: Moment) => LineStep<Answer>,
  ): LineStep<Answer> {
    const entry = this.#entry(resource)
    const before = entry.after.line
    const done = stepAmongLiving(before, this.#now.nowMs, this.#judge, (line) => step(line, this.#now))
    if (done.line === before) return done
    entry.after = { ...entry.after, line: done.line }
    for (const claim of done.notify) this.#tell(resource, claim)
    // The asker's own process may be watching, and it need not be the one that asks: an id can be left from anywhere.
    const asker = before.claims.find((claim) => claim.id === id)
    const isNow = done.line.claims.find((claim) => claim.id === id)
    if (asker !== undefined && asker.state !== isNow?.state) this.#tell(resource, asker)
    return done
  }

  /** Registers somebody who watches without a claim. */
  observe(resource: string, channel: string, untilMs: number): void {
    const entry = this.#entry(resource)
    const others = entry.after.observers.filter((other) => other.channel !== channel && other.untilMs > this.#now.nowMs)
    entry.after = { ...entry.after, observers: [...others, { channel, untilMs }] }
  }

  /** Writes what changed, and answers whom to tell once it is committed. */
  flush(): readonly Call[] {
    const calls = this.#told === undefined ? [] : [...this.#told.values()]
    for (const [resource, { before, after }] of this.#entries) {
      if (before === after) continue
      const observers = after.observers.filter(({ untilMs }) => untilMs > this.#now.nowMs)
      this.#lines.write(resource, { line: after.line, observers })
      if (observers.length === 0 || !looksDifferent(before.line, after.line)) continue
      calls.push(...observers.map(({ channel }) => ({ channel, resource })))
    }
    return calls
  }

  #entry(resource: string): { readonly before: LineRecord; after: LineRecord } {
    let entry = this.#entries.get(resource)
    if (entry === undefined) {
      const before = this.#lines.read(resource)
      this.#entries.set(resource, (entry = { before, after: before }))
    }
    return entry
  }

  #tell(resource: string, { channel, id }: LineClaim): void {
    this.#told ??= new Map()
    this.#told.set(`${resource} ${id}`, { channel, resource, id })
  }

  /** A process is looked up once in a transaction, however many claims it has. */
  readonly #judge = (channel: string): boolean => {
    this.#judged ??= new Map()
    let gone = this.#judged.get(channel)
    if (gone === undefined) this.#judged.set(channel, (gone = this.#isGone(channel)))
    return gone
  }
}
