/**
 * Records on an engine that has compare-and-set and nothing else: the line is read, stepped here, and written if no other
 * process was faster. Within a process one change of a line is in flight at a time, and what is asked meanwhile
 * travels in the next write together; so processes compete, and never claims of one process.
 */
import { TokenScale } from '../../line/token-scale.ts'
import type { ClaimState, LineStep, Moment } from '../../line/transition.ts'
import type { Claim, Ref } from '../../store/claim.ts'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { Store, StoreEnvironment } from '../../store/store.ts'
import { type Clock, type Stamp, stampOf } from '../../time/clock.ts'
import { ServerClock } from '../../time/server-clock.ts'
import {
  emptyRecord,
  type LineAsk,
  type LineRecord,
  type ListedLine,
  type Notice,
  type OnNotice,
  type Lane,
  type Reading,
  type RecordChange,
  RecordFull,
  type RecordEngine,
} from './engine.ts'
import { Observations } from './observations.ts'
import { FreeLines } from './free-lines.ts'
import { recordStore } from './store.ts'
import type { LockedStep, OpenServerEngine, OpenSwapEngine, ServerSwapEngine, StoredReading } from './swap-engine.ts'
import { type DecodedText, decodeText, encodeText } from './swap-text.ts'

/** A store over a compare-and-set engine. */
export function swapStore(open: OpenSwapEngine): Store {
  return storeOver(open)
}

/** A store over a server that can do more than compare and set. */
export function serverSwapStore(open: OpenServerEngine): Store {
  return storeOver(open)
}

type MoreThanSwap = 'channel' | 'locked' | 'takeFree' | 'swapBefore'
type AnyEngine = Omit<ServerSwapEngine, MoreThanSwap> & Partial<Pick<ServerSwapEngine, MoreThanSwap>>

function storeOver(open: (environment: StoreEnvironment, onNotice: OnNotice) => Promise<AnyEngine>): Store {
  return recordStore(async (environment, onNotice) => {
    const serverClock = new ServerClock(environment.clock)
    const engine = await open(environment, (notice) => {
      // Connected again, perhaps to another server.
      if (typeof notice !== 'object') serverClock.forget()
      onNotice(notice)
    })
    if (environment.signal.aborted) {
      await engine.close?.()
      throw new StoreUnavailable('opening the store was aborted')
    }
    return new SwapRecords(engine, environment.clock, serverClock)
  })
}

/** A lost swap is tried again at once; then it is another process's turn. */
const TRIES = 3
/** Asks that travel in one write. */
const TOGETHER_MAX = 64
/** The longest record that is written, in characters: some engines keep no more, and every step reads all of it. */
const RECORD_LENGTH_MAX = 32_768

interface Place {
  readonly resource: string
  readonly lane: Lane
}

interface Pending {
  readonly work: (change: RecordChange) => unknown
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A record as it was read, and what it takes to write it. */
interface Read {
  readonly record: LineRecord
  readonly seen: string | undefined
  readonly now: Moment
}

class SwapRecords implements RecordEngine {
  readonly channel: string
  readonly spansLines = false
  readonly isObserved: boolean
  readonly takeFree?: (claim: Claim) => Promise<LineStep<ClaimState> | undefined>
  readonly giveBack?: (ref: Ref) => Promise<boolean>
  readonly leavesOvertake: boolean
  readonly #engine: AnyEngine
  readonly #free: FreeLines | undefined
  readonly #clock: Clock
  readonly #serverClock: ServerClock
  readonly #observations = new Observations()
  readonly #scale = new TokenScale()
  readonly #pending = new Map<string, Pending[]>()

  constructor(engine: AnyEngine, clock: Clock, serverClock: ServerClock) {
    this.channel = engine.channel ?? crypto.randomUUID()
    this.isObserved = engine.facts.expiry === 'observed'
    this.#engine = engine
    this.#clock = clock
    this.#serverClock = serverClock
    const free = FreeLines.of(engine, this.channel, () => this.#scale.roofAt(clock.monotonicMs()))
    this.#free = free
    this.leavesOvertake = free !== undefined
    if (free === undefined) return
    this.takeFree = (claim) => free.take(claim)
    this.giveBack = (ref) => free.giveBack(ref)
  }

  get facts(): Facts {
    return this.#engine.facts
  }

  change<Result>([ask]: readonly LineAsk[], work: (change: RecordChange) => Result, lane: Lane): Promise<Result> {
    if (ask === undefined) return Promise.reject(new StoreUnavailable('a change without a line'))
    const { resource } = ask
    return new Promise<Result>((resolve, reject) => {
      const pending: Pending = { work, resolve: resolve as (result: unknown) => void, reject }
      const place: Place = { resource, lane: this.#free === undefined ? 'asks' : lane }
      const key = `${place.lane} ${resource}`
      const queue = this.#pending.get(key)
      if (queue !== undefined) return void queue.push(pending)
      this.#pending.set(key, [pending])
      void this.#drain(key, place)
    })
  }

  async read(resource: string): Promise<Reading> {
    return await this.#read({ resource, lane: 'asks' })
  }

  async list(prefix: string, after: string, limit: number): Promise<readonly ListedLine[]> {
    const keys = await this.#engine.list(prefix, after, limit)
    return Promise.all(
      keys.map(async (resource) => {
        const { record, now } = await this.#read({ resource, lane: 'asks' })
        return { resource, line: record.line, now }
      }),
    )
  }

  stampAt(momentMs: number): Stamp | undefined {
    return this.isObserved ? undefined : this.#serverClock.stampAt(momentMs * 1000)
  }

  async close(): Promise<void> {
    await this.#engine.close?.()
  }

  /** Ends when nothing is asked any more: each round takes what was asked during the one before. */
  async #drain(key: string, place: Place): Promise<void> {
    for (;;) {
      const queue = this.#pending.get(key) ?? []
      const together = queue.splice(0, TOGETHER_MAX)
      if (together.length === 0) {
        this.#pending.delete(key)
        return
      }
      try {
        const results = await this.#changeTogether(place, together)
        together.forEach(({ resolve }, index) => resolve(results[index]))
      } catch (error) {
        if (error instanceof RecordFull && together.length > 1) await this.#changeApart(place, together)
        else for (const { reject } of together) reject(error)
      }
    }
  }

  /** One of them makes the record too long, and the others must not suffer. */
  async #changeApart(place: Place, together: readonly Pending[]): Promise<void> {
    for (const pending of together) {
      await this.#changeTogether(place, [pending]).then(([result]) => pending.resolve(result), pending.reject)
    }
  }

  async #changeTogether(place: Place, together: readonly Pending[]): Promise<readonly unknown[]> {
    const { resource, lane } = place
    let read = await this.#read(place)
    for (let tries = 1; ; tries += 1) {
      const { results, written, notices } = runOn(read, together)
      if (written === undefined) return results
      const text = this.#encode(resource, read, written)
      const swapped = await this.#engine.swap(resource, read.seen, text, notices, lane)
      if (swapped.version !== undefined) {
        // What was written here is first seen here, and counts from before it was written.
        if (this.isObserved) this.#observe(resource, decodeText(text), read.now.nowMs)
        this.#free?.learn(resource, written, swapped.version)
        return results
      }
      if (this.#engine.locked !== undefined) return await this.#changeLocked(place, together)
      if (tries === TRIES) throw new NotApplied(`${this.facts.engine}: another process changed the line in between`)
      // The refusal may bring what stands there; the engine's clock comes with a read alone.
      read =
        this.isObserved && swapped.current !== undefined
          ? this.#decode(resource, { stored: swapped.current })
          : await this.#read(place)
    }
  }

  /** Another process was faster once, so it may be again: now the engine keeps the others out meanwhile. */
  async #changeLocked({ resource, lane }: Place, together: readonly Pending[]): Promise<readonly unknown[]> {
    let results: readonly unknown[] = []
    const askedAt = stampOf(this.#clock)
    const step: LockedStep = (reading) => {
      const read = this.#decode(resource, reading, askedAt)
      const done = runOn(read, together)
      results = done.results
      if (done.written === undefined) return undefined
      return { text: this.#encode(resource, read, done.written), notices: done.notices }
    }
    await this.#engine.locked?.(resource, step, lane)
    return results
  }

  async #read({ resource, lane }: Place): Promise<Read> {
    const askedAt = stampOf(this.#clock)
    const read = this.#decode(resource, await this.#engine.read(resource, lane), askedAt)
    this.#free?.learn(resource, read.record, read.seen)
    return read
  }

  #decode(resource: string, { stored, nowMs }: StoredReading, askedAt?: Stamp): Read {
    const { monotonicMs: seenAtMs, wallMs } = stampOf(this.#clock)
    if (nowMs === undefined && !this.isObserved)
      throw new StoreUnavailable(`${this.facts.engine} brought no clock, and its facts say that it judges expiry`)
    if (nowMs !== undefined && askedAt !== undefined) this.#serverClock.note(askedAt, nowMs * 1000)
    const tokenScaleUs = this.#scale.at({ wallMs: nowMs ?? wallMs, monotonicMs: seenAtMs })
    // Without a clock of the engine a line counts on by itself. One that is made anew may have been lost: its tokens go on
    // above the lost ones, by the clock of its maker.
    const countsOn = nowMs === undefined && stored !== undefined
    const now: Moment = {
      nowMs: nowMs ?? seenAtMs,
      tokenScaleUs: countsOn ? 0n : tokenScaleUs,
      isObserved: nowMs === undefined,
    }
    if (stored === undefined) return { record: emptyRecord, seen: undefined, now }
    try {
      const decoded = decodeText(stored.text)
      const record = this.isObserved ? this.#observe(resource, decoded, seenAtMs) : decoded.record
      return { record, seen: stored.version, now }
    } catch (cause) {
      throw new StoreUnavailable(`${this.facts.engine}: the record of ${resource} is damaged`, { cause, isFinal: true })
    }
  }

  #observe(resource: string, { record, beats }: DecodedText, seenAtMs: number): LineRecord {
    return { ...record, line: this.#observations.observe(resource, record.line, beats, seenAtMs) }
  }

  #encode(resource: string, read: Read, written: LineRecord): string {
    const beats = this.isObserved
      ? this.#observations.beatsOf(resource, read.record.line, written.line, read.now.nowMs)
      : undefined
    const text = encodeText(written, beats)
    const grows = written.line.claims.length > read.record.line.claims.length
    if (grows && text.length > RECORD_LENGTH_MAX) throw new RecordFull()
    return text
  }
}

/** The works one after the other on one record; each sees what the ones before it wrote. */
function runOn(
  { record, now }: Read,
  together: readonly Pending[],
): {
  readonly results: readonly unknown[]
  readonly written: LineRecord | undefined
  readonly notices: readonly Notice[]
} {
  let written: LineRecord | undefined
  const notices: Notice[] = []
  const change: RecordChange = {
    now,
    read: () => written ?? record,
    write: (_, after) => void (written = after),
    notify: (notice) => void notices.push(notice),
  }
  const results = together.map(({ work }) => work(change))
  return { results, written, notices }
}
