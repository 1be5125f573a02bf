/** What one change does to some lines: steps them, writes each changed line once, and gathers the notices. */
import type { LineClaim } from '../../line/line.ts'
import { looksDifferent } from '../../line/view.ts'
import type { Line } from '../../line/line.ts'
import type { LineStep, Moment } from '../../line/transition.ts'
import type { LineRecord, RecordChange, StepAround } from './engine.ts'

interface ChangedRecord {
  readonly resource: string
  readonly before: LineRecord
  after: LineRecord
}

const plainly: StepAround = (line, _, step) => step(line)

/** One step on one line, as the work of a change. */
export function workOf<Answer>(
  resource: string,
  id: string | undefined,
  step: (line: Line, now: Moment) => LineStep<Answer>,
): (change: RecordChange) => LineStep<Answer> {
  return (change) => {
    const transaction = new Transaction(change)
    const done = transaction.apply(resource, id, step)
    transaction.write()
    return done
  }
}

export class Transaction {
  readonly #change: RecordChange
  readonly #around: StepAround
  /** Nearly all changes are of one line, and need no map. */
  #first: ChangedRecord | undefined
  #others: Map<string, ChangedRecord> | undefined

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
    record.after = { line: done.line, observers: record.after.observers }
    for (const claim of done.notify) this.#notify(resource, claim, before.lastToken)
    // The asker's own process may be watching, and it need not be the one that asks: an id can be left from anywhere.
    const asker = before.claims.find((claim) => claim.id === id)
    if (asker === undefined) return done
    const isNow = done.line.claims.find((claim) => claim.id === id)
    if (asker.state !== isNow?.state) this.#notify(resource, asker, before.lastToken)
    return done
  }

  /** Registers a process that watches without a claim. */
  observe(resource: string, channel: string, untilMs: number): void {
    const record = this.#record(resource)
    const others = record.after.observers.filter((other) => other.channel !== channel && other.untilMs > this.now.nowMs)
    record.after = { line: record.after.line, observers: [...others, { channel, untilMs }] }
  }

  /** Writes what changed, and notifies the observers of what looks different. */
  write(): void {
    if (this.#first !== undefined) this.#write(this.#first)
    if (this.#others !== undefined) for (const record of this.#others.values()) this.#write(record)
  }

  #write({ resource, before, after }: ChangedRecord): void {
    if (before === after) return
    if (after.observers.length === 0) return this.#change.write(resource, after)
    const observers = after.observers.filter(({ untilMs }) => untilMs > this.now.nowMs)
    this.#change.write(resource, { line: after.line, observers })
    if (!looksDifferent(before.line, after.line)) return
    for (const { channel } of observers) this.#change.notify({ channel, resource })
  }

  #record(resource: string): ChangedRecord {
    if (this.#first?.resource === resource) return this.#first
    const known = this.#others?.get(resource)
    if (known !== undefined) return known
    const before = this.#change.read(resource)
    const record = { resource, before, after: before }
    if (this.#first === undefined) this.#first = record
    else (this.#others ??= new Map()).set(resource, record)
    return record
  }

  /** A claim with a token above the last one before was granted by this step; others have been evicted, or moved. */
  #notify(resource: string, claim: LineClaim, lastToken: bigint): void {
    const { channel, id } = claim
    if (claim.state !== 'held' || claim.token <= lastToken) return this.#change.notify({ channel, resource, id })
    const { nowMs: atMs } = this.now
    this.#change.notify({ channel, resource, id, grant: { token: claim.token, atMs, lifeMs: claim.endsAtMs - atMs } })
  }
}
