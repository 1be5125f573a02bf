/** The store: each operation is one transaction over the pure transition of core, and then the bells it rings. */
import type { Claim, Ref } from '../../store/claim.ts'
import { stampOf } from '../../time/clock.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { Line } from '../../line/line.ts'
import { viewOf } from '../../line/view.ts'
import { standingOf } from '../../line/standing.ts'
import type {
  Facts,
  Hint,
  LeaveOptions,
  LineView,
  Memo,
  RenewAnswer,
  Renewal,
  Standing,
  Store,
  StoreAdmin,
  StoreEnvironment,
  Subject,
} from '../../store/store.ts'
import {
  enterLine,
  leaveLine,
  type Moment,
  type ClaimState,
  placeOf,
  renewInLine,
  situationOf,
  type LineStep,
} from '../../line/transition.ts'
import { adminOf } from './admin.ts'
import type { Transaction } from './transaction.ts'
import { loadDriver, type OpenDatabase } from './client.ts'
import { LOOK_AGAIN_MS, looksForCrashes } from './dead-processes.ts'
import { factsOf } from './facts.ts'
import { LockFile, type LockFileOptions, subjectOf } from './lock-file.ts'
import type { ProcessIdentity } from './process-identity.ts'
import { appearanceOf } from './observer-memo.ts'
import { hint, type Watch } from './watchers.ts'

export interface SqliteStoreSettings extends Pick<
  LockFileOptions,
  'path' | 'makeFolder' | 'durability' | 'trustedUsers'
> {
  /** Asked each time the store opens. */
  readonly machine: () => ProcessIdentity
}

/** How long a line remembers somebody who watches it without a claim, and how long that is relied upon. */
const OBSERVED_MS = 60_000
const OBSERVED_SURELY_MS = 45_000

export class SqliteStore implements Store {
  readonly admin: StoreAdmin = adminOf(() => this.#open().handle)
  readonly #settings: SqliteStoreSettings
  /** Claims that were answered `queued`: asking for one of them again mostly changes nothing, and then needs no transaction. */
  readonly #waiting = new Set<string>()
  #opened: { readonly handle: LockFile; readonly environment: StoreEnvironment } | undefined

  constructor(settings: SqliteStoreSettings) {
    this.#settings = settings
  }

  async open(environment: StoreEnvironment): Promise<Facts> {
    const openDatabase = await loadDriver()
    const { clock, signal } = environment
    if (signal.aborted) throw new StoreUnavailable('opening the lock file was aborted', { cause: signal.reason })
    const machine = this.#settings.machine()
    const handle = new LockFile({ ...this.#settings, machine, clock, openDatabase })
    const { canBeWoken } = handle.check()
    const sqliteVersion = versionOf(openDatabase)
    this.#opened?.handle.close()
    this.#opened = { handle, environment }
    return factsOf({ sqliteVersion, durability: this.#settings.durability, machine, canBeWoken })
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    opened?.handle.close()
  }

  async enter(claim: Claim): Promise<Standing> {
    const { handle, environment } = this.#open()
    const askedAt = stampOf(environment.clock)
    const enter = (line: Line, now: Moment): LineStep<ClaimState> => enterLine(line, claim, handle.channel, now)
    const { answer, line } =
      (this.#waiting.has(claim.id) ? handle.lookThrough(claim.resource, enter) : undefined) ??
      handle.change((changes) => changes.apply(claim.resource, claim.id, enter), claim.resource)
    if (answer.kind === 'queued') this.#waiting.add(claim.id)
    else this.#waiting.delete(claim.id)
    return standingOf(answer, askedAt, lookInMs(handle, line, answer, claim.id))
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    const { handle, environment } = this.#open()
    const askedAt = stampOf(environment.clock)
    const renewed = (changes: Transaction, { ref, ttlMs, note }: Renewal): RenewAnswer => {
      try {
        const step = changes.apply(ref.resource, ref.id, (before, now) => renewInLine(before, ref, ttlMs, note, now))
        return standingOf(step.answer, askedAt, lookInMs(handle, step.line, step.answer, ref.id))
      } catch (error) {
        // One damaged line is not the end of the others; an error of SQLite is of another type here, and ends them all.
        if (error instanceof StoreUnavailable) return error
        throw error
      }
    }
    return handle.change((changes) => renewals.map((renewal) => renewed(changes, renewal)))
  }

  async watch(subject: Subject, memo: Memo, signal: AbortSignal): Promise<Standing | Hint> {
    if (signal.aborted) return hint(memo)
    return 'id' in subject ? this.#watchClaim(subject, memo, signal) : this.#watchLine(subject.resource, memo, signal)
  }

  async look(resource: string): Promise<LineView> {
    const { handle } = this.#open()
    const { line } = handle.read((lines) => lines.look(resource))
    const now = handle.now()
    return viewOf(resource, line, now, appearanceOf(line, now))
  }

  async leave(ref: Ref, options: LeaveOptions = {}): Promise<'left' | 'gone'> {
    const { keepMs = 0 } = options
    this.#waiting.delete(ref.id)
    return this.#open().handle.change(
      (changes) => changes.apply(ref.resource, ref.id, (before, now) => leaveLine(before, ref, keepMs, now)).answer,
      ref.resource,
    )
  }

  async #watchClaim(ref: Ref, memo: Memo, signal: AbortSignal): Promise<Standing | Hint> {
    const { handle, environment } = this.#open()
    const watch: Watch = {
      memo,
      look: () => {
        const askedAt = stampOf(environment.clock)
        const { line } = handle.read((lines) => lines.look(ref.resource))
        const place = placeOf(line, ref.id, handle.now(), ref.token)
        if (situationOf(place) === memo) return undefined
        return standingOf(place, askedAt, lookInMs(handle, line, place, ref.id))
      },
    }
    return watch.look() ?? handle.watchers.add(subjectOf(ref.resource, ref.id), watch, signal)
  }

  /** Somebody without a claim is told by everybody who steps the line, as long as it remembers him: then he has to come again. */
  async #watchLine(resource: string, memo: Memo, signal: AbortSignal): Promise<Standing | Hint> {
    const { handle, environment } = this.#open()
    const watch: Watch = {
      memo,
      look: () => {
        const appearance = appearanceOf(handle.read((lines) => lines.look(resource)).line, handle.now())
        return appearance === memo ? undefined : hint(appearance)
      },
    }
    const seen = watch.look() ?? (observe(handle, resource) ? watch.look() : undefined)
    if (seen !== undefined) return seen
    const lapse = new AbortController()
    const timer = environment.clock.schedule(OBSERVED_SURELY_MS, () => lapse.abort())
    return handle.watchers.add(resource, watch, AbortSignal.any([signal, lapse.signal])).finally(() => timer.cancel())
  }

  #open(): { readonly handle: LockFile; readonly environment: StoreEnvironment } {
    if (this.#opened === undefined)
      throw new StoreUnavailable('this SQLite store is not open: it was closed, or never opened')
    return this.#opened
  }
}

/** Only a waiting claim has something to look for. */
function lookInMs(handle: LockFile, line: Line, { kind }: ClaimState, id: string): number | undefined {
  return kind === 'queued' && looksForCrashes(line, id, handle.isOther) ? LOOK_AGAIN_MS : undefined
}

function versionOf(openDatabase: OpenDatabase): string {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 })
  try {
    return String(database.prepare('SELECT sqlite_version() AS version').get()?.['version'])
  } finally {
    database.close()
  }
}

/** Answers whether the line had to be changed for it. */
function observe(handle: LockFile, resource: string): boolean {
  const { nowMs } = handle.now()
  const known = handle.read((lines) => lines.look(resource)).observers.find(({ channel }) => channel === handle.channel)
  if (known !== undefined && known.untilMs >= nowMs + OBSERVED_SURELY_MS) return false
  handle.change((changes) => changes.observe(resource, handle.channel, nowMs + OBSERVED_MS))
  return true
}
