/** The lines of one process. Many clients may share an engine, and it outlives them, as a server would. */
import type { Line } from '../../line/line.ts'
import { TokenScale } from '../../line/token-scale.ts'
import type { Moment } from '../../line/transition.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import { type Clock, stampOf } from '../../time/clock.ts'
import type { OnNotice, OpenRecords, RecordEngine } from '../records/engine.ts'
import { RecordMap } from '../records/record-map.ts'
import { facts } from './facts.ts'

export class MemoryEngine {
  readonly #records = new RecordMap()
  readonly #listeners = new Map<string, OnNotice>()
  readonly #scale = new TokenScale()
  #clock: Clock | undefined

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
    return this.#records.get(resource).line
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
      change: (_, work) =>
        this.#records.change(this.now(), work, (notice) => this.#listeners.get(notice.channel)?.(notice)),
      read: (resource) => ({ record: this.#records.get(resource), now: this.now() }),
      list: (prefix, after, limit) => this.#records.list(prefix, after, limit, this.now()),
      close: () => void this.#listeners.delete(channel),
    }
  }
}
