/**
 * Records in the memory of this process. Idle and abandoned ones are forgotten a few at a time, whenever a new one is made,
 * so that no step has to look at all; the highest token among them stays behind as the floor, so that none comes back.
 */
import { isIdle, type Moment } from '../../line/transition.ts'
import { emptyRecord, type LineRecord, type ListedLine, type Notice, type RecordChange } from './engine.ts'
import { idleRecord } from './idle-record.ts'

/**
 * Records looked at for each new one. Forgetting one as soon as it is idle was 25 times slower beside 100,000 others: a
 * Map keeps deleted keys in its chains until it grows, so a key that comes and goes is found ever more slowly.
 */
const SWEPT_AT_ONCE = 2

/** It is its own change: one at a time, and no object for each. */
export class RecordMap implements RecordChange {
  readonly #records = new Map<string, LineRecord>()
  #sweeping: MapIterator<[string, LineRecord]> = this.#records.entries()
  /** The highest token of any record that was forgotten: one made anew starts above it. */
  #floor = 0n
  #now: Moment = { nowMs: 0, tokenScaleUs: 0n }
  #notices: Notice[] = []

  /** Records in memory, also idle ones that were not looked at since. */
  get size(): number {
    return this.#records.size
  }

  /** Of the change that runs. */
  get now(): Moment {
    return this.#now
  }

  get(resource: string): LineRecord {
    return this.#records.get(resource) ?? emptyRecord
  }

  /** Runs the work at once, so nothing else happens in the middle of it; notices go out when all of it is done. */
  change<Result>(now: Moment, work: (change: RecordChange) => Result, deliver: (notice: Notice) => void): Result {
    this.#now = now
    if (this.#notices.length > 0) this.#notices = []
    const result = work(this)
    if (this.#notices.length === 0) return result
    const notices = this.#notices
    this.#notices = []
    for (const notice of notices) deliver(notice)
    return result
  }

  read(resource: string): LineRecord {
    return this.#records.get(resource) ?? { line: { lastToken: this.#floor, claims: [] }, observers: [] }
  }

  write(resource: string, record: LineRecord): void {
    const sizeBefore = this.#records.size
    this.#records.set(resource, record)
    if (this.#records.size > sizeBefore) this.#forgetSome()
  }

  notify(notice: Notice): void {
    this.#notices.push(notice)
  }

  list(prefix: string, after: string, limit: number, now: Moment): readonly ListedLine[] {
    return [...this.#records]
      .filter(([resource, { line }]) => resource.startsWith(prefix) && resource > after && !isIdle(line))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .slice(0, limit)
      .map(([resource, { line }]) => ({ resource, line, now }))
  }

  /** Observers of what ended without a change are told now. */
  #forgetSome(): void {
    for (let count = 0; count < SWEPT_AT_ONCE; count += 1) {
      const next = this.#sweeping.next()
      if (next.done === true) {
        this.#sweeping = this.#records.entries()
        return
      }
      const [resource, record] = next.value
      const idle = idleRecord(record, this.#now)
      if (idle === undefined) continue
      const { line, observers } = idle
      if (line !== record.line) this.#notices.push(...observers.map(({ channel }) => ({ channel, resource })))
      if (line.lastToken > this.#floor) this.#floor = line.lastToken
      if (observers.length === 0) this.#records.delete(resource)
      else this.#records.set(resource, idle)
    }
  }
}
