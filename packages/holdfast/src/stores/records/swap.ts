/** Records on an engine with compare-and-set alone: a line is read, stepped here, and written if no other process was faster. */
import type { Line } from '../../line/line.ts'
import { TokenScale } from '../../line/token-scale.ts'
import type { Moment } from '../../line/transition.ts'
import type { Ref } from '../../store/claim.ts'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { Store, StoreEnvironment, TokenScaleView } from '../../store/store.ts'
import { type Clock, type Stamp, stampOf } from '../../time/clock.ts'
import { ServerClock } from '../../store/server-clock.ts'
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
  type RecordEngine,
} from './engine.ts'
import { type Beat, Observations } from './observations.ts'
import { CombinedChanges, type PendingChange, type Place } from './combined-changes.ts'
import { firstQueryOf, type RowQuery } from './crowd.ts'
import { crowdOf, stepCrowd } from './crowd-step.ts'
import { undamaged } from './damage.ts'
import { FreeLines } from './free-lines.ts'
import { runOn, type SeenRecord } from './joint-step.ts'
import { KnownTexts } from './known-texts.ts'
import { swapAndTell, type ToldSwap } from './own-news.ts'
import { listedLines } from './list-page.ts'
import { recordStore } from './store.ts'
import type {
  AnySwapEngine,
  LockedStep,
  OpenServerEngine,
  OpenSwapEngine,
  StoredReading,
  StoredText,
  SwapResult,
} from './swap-engine.ts'
import { type DecodedText, decodeText, encodeGrown } from './swap-text.ts'
import { staysInRecord } from './thin-line.ts'

/** A store over a compare-and-set engine. */
export function swapStore(open: OpenSwapEngine): Store {
  return storeOver(open)
}

/** A store over a server that can do more than compare and set. */
export function serverSwapStore(open: OpenServerEngine): Store {
  return storeOver(open)
}

function storeOver(open: (environment: StoreEnvironment, onNotice: OnNotice) => Promise<AnySwapEngine>): Store {
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
    return new SwapRecords(engine, environment, serverClock, onNotice)
  })
}

/** A lost swap is tried again at once; then it is another process's turn. */
const TRIES = 3

class SwapRecords implements RecordEngine {
  readonly channel: string
  readonly spansLines = false
  readonly isObserved: boolean
  readonly hearsItself: boolean
  readonly takeFree?: NonNullable<RecordEngine['takeFree']>
  readonly renewAlone?: NonNullable<RecordEngine['renewAlone']>
  readonly giveBack?: (ref: Ref) => Promise<boolean>
  readonly rebase?: (to?: bigint) => Promise<TokenScaleView>
  readonly leavesOvertake: boolean
  readonly tellsEach: boolean
  readonly recheckInMs?: (line: Line, id: string) => number
  readonly listen?: (key: string) => () => void
  readonly #engine: AnySwapEngine
  readonly #free: FreeLines | undefined
  readonly #clock: Clock
  readonly #onNotice: OnNotice
  readonly #serverClock: ServerClock
  readonly #observations = new Observations()
  readonly #known = new KnownTexts()
  readonly #scale = new TokenScale()
  readonly #combined: CombinedChanges

  constructor(
    engine: AnySwapEngine,
    { clock, timers }: StoreEnvironment,
    serverClock: ServerClock,
    onNotice: OnNotice,
  ) {
    this.#combined = new CombinedChanges((place, together) => this.#changeTogether(place, together), timers)
    this.channel = engine.channel ?? crypto.randomUUID()
    this.isObserved = engine.facts.expiry === 'observed'
    this.hearsItself = this.isObserved
    this.#onNotice = onNotice
    this.#engine = engine
    if (engine.rebase !== undefined) this.rebase = engine.rebase.bind(engine)
    this.#clock = clock
    this.#serverClock = serverClock
    const free = FreeLines.of(engine, this.channel, () => this.#scale.roofAt(clock.monotonicMs()))
    this.#free = free
    this.leavesOvertake = free !== undefined
    this.tellsEach = free !== undefined
    const { listen, recheckInMs } = engine
    if (recheckInMs !== undefined) this.recheckInMs = recheckInMs.bind(engine)
    if (listen !== undefined) this.listen = listen.bind(engine)
    if (free === undefined) return
    this.takeFree = (claim, work) => {
      const { resource, id } = claim
      return this.#combined.askFirst({ resource, lane: 'asks' }, id, () => free.take(claim), work)
    }
    this.renewAlone = (renewals) => free.renew(renewals)
    this.giveBack = (ref) => free.giveBack(ref)
  }

  get facts(): Facts {
    return this.#engine.facts
  }

  change<Result>([ask]: readonly LineAsk[], work: (change: RecordChange) => Result, lane: Lane): Promise<Result> {
    if (ask === undefined) return Promise.reject(new StoreUnavailable('a change without a line'))
    return this.#combined.add({ ...ask, lane: this.#free === undefined ? 'asks' : lane }, ask.ids, work)
  }

  async read(resource: string, ids: readonly string[] | 'all'): Promise<Reading> {
    const place: Place = { resource, lane: 'asks' }
    if (this.#free?.isCrowd(resource) === true) return await this.#readCrowd(place, firstQueryOf(ids))
    const read = await this.#read(place)
    return read.record.waiters === undefined ? read : await this.#readCrowd(place, firstQueryOf(ids))
  }

  async list(prefix: string, after: string, limit: number): Promise<readonly ListedLine[]> {
    const keys = await this.#engine.list(prefix, after, limit)
    return await listedLines(keys, (resource) => this.read(resource, []))
  }

  stampAt(momentMs: number): Stamp | undefined {
    return this.isObserved ? undefined : this.#serverClock.stampAt(momentMs * 1000)
  }

  async close(): Promise<void> {
    await this.#engine.close?.()
  }

  async #changeTogether(place: Place, together: readonly PendingChange[]): Promise<readonly unknown[]> {
    const { resource, lane } = place
    if (this.#free?.isCrowd(resource) === true) return await this.#changeLocked(place, together)
    let read = this.#guess(resource) ?? (await this.#read(place))
    for (let swaps = 0; ;) {
      if (read.record.waiters !== undefined) return await this.#changeLocked(place, together)
      const { results, written, notices } = runOn(read, together)
      if (written === undefined) {
        if (read.isGuess !== true) return results
        read = await this.#read(place)
        continue
      }
      const outgrown = this.#engine.locked !== undefined && !staysInRecord(written.line)
      if (outgrown) return await this.#changeLocked(place, together)
      const beats = this.#beatsOf(resource, read, written)
      const text = encodeGrown(read.record, written, beats)
      const { seen, now, seenAt: askedAt } = read
      const news = { line: written.line, now, askedAt }
      const swapped = await this.#swap({ resource, seen, text, notices, lane, news })
      swaps += 1
      if (swapped.version !== undefined) {
        this.#written(resource, read, { text, version: swapped.version }, { record: written, beats: beats ?? [] })
        this.#free?.learn(resource, written, swapped.version)
        return results
      }
      if (this.#engine.locked !== undefined) return await this.#changeLocked(place, together)
      if (swaps === TRIES) throw new NotApplied(`${this.facts.engine}: another process changed the line in between`)
      // The refusal may bring what stands there; the engine's clock comes with a read alone.
      const current = this.isObserved ? swapped.current : undefined
      read = current === undefined ? await this.#read(place) : this.#decode(resource, { stored: current })
    }
  }

  /** Without a clock of the engine a read brings nothing that this process may not have seen before. */
  #guess(resource: string): SeenRecord | undefined {
    if (!this.isObserved) return undefined
    const stored = this.#known.latest(resource)
    if (stored === undefined && this.#engine.refusalTells !== true) return undefined
    return { ...this.#decode(resource, { stored }), isGuess: true }
  }

  #swap(swap: ToldSwap): Promise<SwapResult> {
    if (this.isObserved) return swapAndTell(this.#engine, this.channel, this.#onNotice, swap)
    return this.#engine.swap(swap.resource, swap.seen, swap.text, swap.notices, swap.lane)
  }

  /** What was written here is first seen here, and counts from before it was written. */
  #written(resource: string, { now }: SeenRecord, stored: StoredText, decoded: DecodedText): void {
    if (!this.isObserved) return
    const record = this.#observe(resource, decoded, now.nowMs)
    this.#known.learn(resource, { stored, decoded: { ...decoded, record } })
  }

  /** Another process was faster once, so it may be again, or the waiters are rows: the engine keeps the others out meanwhile. */
  async #changeLocked({ resource, lane }: Place, together: readonly PendingChange[]): Promise<readonly unknown[]> {
    let results: readonly unknown[] = []
    const askedAt = stampOf(this.#clock)
    let changed: LineRecord | undefined
    const step: LockedStep = (reading, query) => {
      const read = this.#decode(resource, reading, askedAt)
      let notices: readonly Notice[] = []
      const outcome = undamaged(this.facts.engine, resource, () =>
        stepCrowd({ record: read.record, now: read.now, found: reading.found, query }, (record) => {
          const done = runOn({ ...read, record }, together)
          ;({ results, notices } = done)
          return done.written
        }),
      )
      changed = outcome?.more === undefined ? (outcome?.record ?? read.record) : undefined
      if (outcome === undefined || outcome.more !== undefined) return outcome
      const { record, changes } = outcome
      return { text: encodeGrown(read.record, record), changes, notices }
    }
    await this.#engine.locked?.(
      resource,
      together.flatMap(({ ids }) => ids),
      step,
      lane,
    )
    if (changed !== undefined) this.#free?.learn(resource, changed, undefined)
    return results
  }

  /** The record with the rows that were asked for, in one look or two: the second one knows that some have ended. */
  async #readCrowd(place: Place, query: RowQuery): Promise<Reading> {
    const reading = await this.#engine.readCrowd?.(place.resource, query, place.lane)
    if (reading === undefined) return await this.#read(place)
    const { record, now } = this.#decode(place.resource, reading)
    const crowd = undamaged(this.facts.engine, place.resource, () =>
      crowdOf({ record, now, found: reading.found, query }),
    )
    if ('more' in crowd) return await this.#readCrowd(place, crowd.more)
    this.#free?.learn(place.resource, record, reading.stored?.version)
    return { record: crowd.record, now }
  }

  async #read({ resource, lane }: Place): Promise<SeenRecord> {
    const askedAt = stampOf(this.#clock)
    const read = this.#decode(resource, await this.#engine.read(resource, lane), askedAt)
    this.#free?.learn(resource, read.record, read.seen)
    return read
  }

  #decode(resource: string, { stored, nowMs }: StoredReading, askedAt?: Stamp): SeenRecord {
    const seenAt = stampOf(this.#clock)
    const { monotonicMs: seenAtMs, wallMs } = seenAt
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
    if (stored === undefined) {
      this.#known.forget(resource)
      return { record: emptyRecord, seen: undefined, now, seenAt }
    }
    return undamaged(this.facts.engine, resource, () => {
      const record = this.isObserved
        ? this.#observe(resource, this.#known.read(resource, stored), seenAtMs)
        : decodeText(stored.text, false).record
      return { record, seen: stored.version, now, seenAt }
    })
  }

  #observe(resource: string, { record, beats }: DecodedText, seenAtMs: number): LineRecord {
    return { ...record, line: this.#observations.observe(resource, record.line, beats, seenAtMs) }
  }

  #beatsOf(resource: string, { record, now }: SeenRecord, { line }: LineRecord): readonly Beat[] | undefined {
    return this.isObserved ? this.#observations.beatsOf(resource, record.line, line, now.nowMs) : undefined
  }
}
