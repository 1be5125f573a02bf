/** What one change does to some lines: steps them, writes each changed line once, and gathers the notices. */
import type { LineClaim } from '../../line/line.ts'
import { looksDifferent } from '../../line/view.ts'
import type { Line } from '../../line/line.ts'
import type { LineStep, Moment } from '../../line/transition.ts'
import type { LineRecord, RecordChange, StepAround } from './engine.ts'

interface ChangedRecord {
  readonly before: LineRecord
  after: LineRecord
}

const plainly: StepAround = (line, _, step) => step(line)

export class Transaction {
  readonly #change: RecordChange
  readonly #around: StepAround
  readonly #records = new Map<string, ChangedRecord>()

  constructor(change: RecordChange) {
    this.#change = change
    this.#around = change.around ?? plainly
  }

  get now(): Moment {
    return this.#change.now
  }

  /** Runs a pure step of the claim `id` on a line; several steps of one change see one another. */
  apply<Answer>(
    resource: string,
    id: string | undefined,
    step: (line: Line, now: Moment) => LineStep<Answer>,
  ): LineStep<Answer> {
    const record = this.#record(resource)
    const before = record.after.line
    const done = this.#around(before, this.now, (line) => step(line, this.now))
    if (done.line === before) return done
    record.after = { ...record.after, line: done.line }
    for (const claim of done.notify) this.#notify(resource, claim)
    // The asker's own process may be watching, and it need not be the one that asks: an id can be left from anywhere.
    const asker = before.claims.find((claim) => claim.id === id)
    if (asker === undefined) return done
    const isNow = done.line.claims.find((claim) => claim.id === id)
    if (asker.state !== isNow?.state) this.#notify(resource, asker)
    return done
  }

  /** Registers a process that watches without a claim. */
  observe(resource: string, channel: string, untilMs: number): void {
    const record = this.#record(resource)
    const others = record.after.observers.filter((other) => other.channel !== channel && other.untilMs > this.now.nowMs)
    record.after = { ...record.after, observers: [...others, { channel, untilMs }] }
  }

  /** Writes what changed, and notifies the observers of what looks different. */
  write(): void {
    for (const [resource, { before, after }] of this.#records) {
      if (before === after) continue
      const observers =
        after.observers.length === 0
          ? after.observers
          : after.observers.filter(({ untilMs }) => untilMs > this.now.nowMs)
      this.#change.write(resource, { line: after.line, observers })
      if (observers.length === 0 || !looksDifferent(before.line, after.line)) continue
      for (const { channel } of observers) this.#change.notify({ channel, resource })
    }
  }

  #record(resource: string): ChangedRecord {
    let record = this.#records.get(resource)
    if (record === undefined) {
      const before = this.#change.read(resource)
      this.#records.set(resource, (record = { before, after: before }))
    }
    return record
  }

  #notify(resource: string, { channel, id }: LineClaim): void {
    this.#change.notify({ channel, resource, id })
  }
}
