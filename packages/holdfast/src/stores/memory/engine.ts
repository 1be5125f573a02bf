/**
 * The lines of one process. Many clients may share an engine, and it outlives them, as a server would. Every change is
 * synchronous, so nothing else can happen in the middle of one.
 */
import type { Line } from '../../line/line.ts'
import { TokenScale } from '../../line/token-scale.ts'
import { isIdle, type Moment, sweep } from '../../line/transition.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import { facts } from './facts.ts'
import { type Clock, stampOf } from '../../time/clock.ts'
import {
  emptyRecord,
  type LineRecord,
  type Notice,
  type OnNotice,
  type OpenRecords,
  type RecordChange,
  type RecordEngine,
} from '../records/engine.ts'

/**
 * Lines looked at for each new one, so that idle and abandoned lines are forgotten and no step has to look at all.
 * Forgetting a line as soon as it is idle was 25 times slower beside 100,000 others: a Map keeps deleted keys in its
 * chains until it grows, so a key that comes and goes is found ever more slowly.
 */
const SWEPT_AT_ONCE = 2

export class MemoryEngine {
  readonly #records = new Map<string, LineRecord>()
  readonly #listeners = new Map<string, OnNotice>()
  #sweeping: MapIterator<[string, LineRecord]> = this.#records.entries()
  readonly #scale = new TokenScale()
  #clock: Clock | undefined
  /** The highest token of any line that was forgotten: a line made anew starts above it. */
  #floor = 0n

  /** Lines in memory, also idle ones that were not looked at since. */
  get size(): number {
    return this.#records.size
  }

  /** The first clock judges expiry from then on; a second clock would make time jump. */
  useClock(clock: Clock): void {
    this.#clock ??= clock
  }

  now(): Moment {
    if (this.#clock === undefined) throw new Error('the engine was used before its first client was open')
    const now = stampOf(this.#clock)
    return { nowMs: now.monotonicMs, tokenScaleUs: this.#scale.at(now) }
  }

  line(resource: string): Line {
    return this.#records.get(resource)?.line ?? emptyRecord.line
  }

  /** One more client. */
  readonly open: OpenRecords = ({ clock, signal }, onNotice): RecordEngine => {
    if (signal.aborted) throw new StoreUnavailable('the opening of the memory store was aborted')
    this.useClock(clock)
    const channel = `memory-${crypto.randomUUID()}`
    this.#listeners.set(channel, onNotice)
    return {
      facts,
      channel,
      spansLines: true,
      change: (_, work) => this.#change(work),
      read: (resource) => ({ record: this.#records.get(resource) ?? emptyRecord, now: this.now() }),
      list: (prefix, after, limit) =>
        [...this.#records]
          .filter(([resource, { line }]) => resource.startsWith(prefix) && resource > after && !isIdle(line))
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .slice(0, limit)
          .map(([resource, { line }]) => ({ resource, line, now: this.now() })),
      close: () => void this.#listeners.delete(channel),
    }
  }

  #change<Result>(work: (change: RecordChange) => Result): Result {
    const notices: Notice[] = []
    const now = this.now()
    const result = work({
      now,
      read: (resource) => this.#read(resource),
      write: (resource, record) => {
        const isNew = !this.#records.has(resource)
        this.#records.set(resource, record)
        if (isNew) this.#sweepSome(now, notices)
      },
      notify: (notice) => void notices.push(notice),
    })
    for (const notice of notices) this.#listeners.get(notice.channel)?.(notice)
    return result
  }

  #read(resource: string): LineRecord {
    return this.#records.get(resource) ?? { line: { lastToken: this.#floor, claims: [] }, observers: [] }
  }

  #sweepSome(now: Moment, notices: Notice[]): void {
    for (let count = 0; count < SWEPT_AT_ONCE; count += 1) {
      const next = this.#sweeping.next()
      if (next.done === true) {
        this.#sweeping = this.#records.entries()
        return
      }
      const [resource, record] = next.value
      const line = sweep(record.line, now)
      if (!isIdle(line)) continue
      const observers = record.observers.filter(({ untilMs }) => untilMs > now.nowMs)
      if (line !== record.line) notices.push(...observers.map(({ channel }) => ({ channel, resource })))
      if (line.lastToken > this.#floor) this.#floor = line.lastToken
      if (observers.length === 0) this.#records.delete(resource)
      else this.#records.set(resource, { line, observers })
    }
  }
}
