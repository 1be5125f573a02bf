/** An open lock file: prepared statements, and the one transaction in which every change of a line happens. */
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import { TOKEN_MAX } from '../../store/limits.ts'
import type { Moment } from '../../line/transition.ts'
import type { DatabaseSync } from './client.ts'
import type { ClockEpoch } from './epoch.ts'
import { engineError, guarded, unavailable } from './errors.ts'
import type { FileIdentity } from './file-identity.ts'
import { Generation } from './generation.ts'
import { LineReader, type ReadableLines, undamaged } from './look.ts'
import { CEILING_RESERVE_US, ceilingAbove, greatest, type OpenedFile } from './open.ts'
import { highestTokenIn, raiseTokens } from './rebase.ts'
import { changeCrowds, type CrowdTable, type Lines } from '../records/crowd.ts'
import type { LineAsk, LineRecord, NamedRecord } from '../records/engine.ts'
import type { PrunableLines, Survey } from '../records/prune.ts'
import { isOnlyOf, RecordCache, type CachedRecord } from '../records/record-cache.ts'
import { encodeRecord, withoutClaims } from '../records/record.ts'
import { staysInRecord } from '../records/thin-line.ts'
import * as wire from './schema.ts'
import type { LineRow, Prepare } from './statements.ts'
import { placeEndsAtMs, translated } from './translation.ts'
import { saveWaiters } from './waiters.ts'

export interface DatabaseOptions {
  readonly durability: 'normal' | 'full'
  /** No line may give a token at or below this one: what this process saw in a file that stood here before. */
  readonly floor: bigint
  readonly now: () => Moment
  /** Of this process, by its clocks as they are now. */
  readonly epoch: () => ClockEpoch
  /** Of the store. */
  readonly channel: string
}

export class LineDatabase implements PrunableLines {
  readonly path: string
  readonly #lines: LineReader
  readonly #opened: OpenedFile
  readonly #database: DatabaseSync
  readonly #options: DatabaseOptions
  readonly #generation: Generation
  readonly #sql: Prepare
  readonly #recall = new RecordCache()
  #ceiling: bigint
  #given = 0n
  #highest: bigint

  constructor(opened: OpenedFile, options: DatabaseOptions) {
    this.#opened = opened
    this.path = opened.path
    this.#database = opened.database
    this.#options = options
    this.#highest = options.floor
    this.#generation = new Generation(opened, options.epoch)
    this.#ceiling = opened.ceiling
    this.#sql = opened.sql
    this.#lines = new LineReader({
      path: opened.path,
      prepare: opened.sql,
      decode: (resource, record, token) => this.#recall.decode(resource, record, token),
      isOurs: (generation) => this.#generation.covers(generation),
      now: options.now,
      channel: options.channel,
    })
  }

  /** The highest token this process has seen. */
  get highestToken(): bigint {
    return this.#highest
  }

  /** Whether the path still leads to these files. An open handle would go on locking where no newcomer can look. */
  get identity(): FileIdentity {
    return this.#opened.identity
  }

  /**
   * Runs the work between BEGIN IMMEDIATE and COMMIT. The work may run twice and must not change anything else: when a
   * token it gives is above the ceiling, the ceiling is raised first.
   */
  transact<T>(work: (now: Moment) => T): T {
    const done = this.#attempt(work)
    if (done !== undefined) {
      this.#raiseCeilingInPassing()
      return done.result
    }
    this.#raiseCeiling(this.#given)
    const second = this.#attempt(work)
    if (second === undefined) throw new NotApplied(`${this.path} ran out of tokens below its ceiling twice`)
    return second.result
  }

  /**
   * One step on one line in a single statement, at half the cost of a transaction: computed from what this process left
   * in the line, and written only if that still stands there. `undefined` when it does not, and nothing happened then.
   * Only for a line that nobody but this store uses, and whose waiters are in the record. The clock is read before the line
   * is locked and not after, which nobody can tell: had another process seen a later moment in this line, it would not be
   * the same.
   */
  compareAndSet<T>(resource: string, work: (now: Moment, lines: Lines) => T): { readonly result: T } | undefined {
    this.#generation.assertAlone()
    const seen = this.#recall.latest(resource)
    if (
      seen === undefined ||
      seen.entry.line.lastToken < this.#options.floor ||
      !isOnlyOf(this.#options.channel, seen.entry)
    )
      return undefined
    const written: LineRecord[] = []
    const result = work(this.#options.now(), { read: () => seen.entry, write: (_, entry) => void written.push(entry) })
    const [after] = written
    // Near the ceiling it takes a transaction, which raises it.
    if (after === undefined || after.line.lastToken + CEILING_RESERVE_US > this.#ceiling) return undefined
    if (!staysInRecord(after.line)) return undefined
    const { lastToken } = after.line
    const record = encodeRecord(after)
    if (!this.#swapRow(resource, seen, lastToken, record)) return undefined
    this.#opened.identity.assertCurrent()
    if (lastToken > this.#highest) this.#highest = lastToken
    this.#recall.keep(resource, record, after)
    return { result }
  }

  /** One transaction on these lines. */
  change<T>(asks: readonly LineAsk[], work: (now: Moment, lines: Lines) => T): T {
    return this.transact((now) => {
      const table: CrowdTable = {
        load: (resource, window) => {
          const ids = asks.find((ask) => ask.resource === resource)?.ids ?? []
          return this.#lines.thin(resource, this.#read(resource), { ids, window }, now)
        },
        save: (resource, record, changes) => {
          this.#write(resource, record)
          saveWaiters(this.#sql, resource, changes)
        },
      }
      return changeCrowds(table, (lines) => work(now, lines))
    })
  }

  #read(resource: string): LineRecord {
    const row = this.#sql(wire.READ_LINE).get(resource) as unknown as LineRow | undefined
    const isOurs = row !== undefined && this.#generation.covers(row.generation)
    const floor = isOurs ? this.#options.floor : this.#floorOfFile()
    const token = row?.token ?? 0n
    const lastToken = token > floor ? token : floor
    if (lastToken > this.#highest) this.#highest = lastToken
    if (row === undefined) return withoutClaims(lastToken)
    const found = undamaged(this.path, () => this.#recall.decode(resource, row.record, lastToken))
    if (isOurs || (found.line.claims.length === 0 && found.waiters === undefined)) return found
    // Written even if the step changes nothing: from now on the claims run out.
    const now = this.#options.now()
    const line = translated(found, now)
    this.#write(resource, line)
    this.#sql(wire.RESTART_WAITERS).run(placeEndsAtMs(now), resource)
    return line
  }

  #write(resource: string, entry: LineRecord): void {
    const { lastToken } = entry.line
    if (lastToken > TOKEN_MAX)
      throw unavailable(this.path, `has given the last token there is (${TOKEN_MAX}) for ${resource}`)
    if (lastToken > this.#given) this.#given = lastToken
    const record = encodeRecord(entry)
    this.#sql(wire.WRITE_LINE).run(resource, this.#generation.number, lastToken, record)
    this.#recall.keep(resource, record, entry)
  }

  /** Outside of a transaction, for those who only look. */
  look<T>(work: (lines: ReadableLines) => T): T {
    return guarded(this.path, () => work(this.#lines))
  }

  survey(cursor: string, limit: number): Survey {
    return guarded(this.path, () => this.#sql(wire.SURVEY_LINES).get(cursor, limit) as unknown as Survey)
  }

  /** Inside a transaction. */
  scan(cursor: string, limit: number): readonly NamedRecord[] {
    return this.#lines.scan(cursor, limit)
  }

  /** Inside a transaction. */
  remove(entries: readonly NamedRecord[]): void {
    this.#sql(wire.RAISE_FLOOR).run(greatest(...entries.map(({ line }) => line.lastToken)))
    for (const { resource } of entries) {
      this.#sql(wire.REMOVE_LINE).run(resource)
      this.#sql(wire.REMOVE_WAITERS).run(resource)
    }
  }

  /** The highest token that any line may have had. */
  highestInFile(): bigint {
    return guarded(this.path, () => highestTokenIn(this.#sql))
  }

  /** From here on every token of the file is above this one. */
  raiseTokens(to: bigint): void {
    this.#durably(() => {
      raiseTokens(this.#sql, to)
      this.#ceiling = this.#generation.fileRow().ceiling
    })
    this.#opened.identity.assertCurrent()
  }

  close(): void {
    this.#opened.close()
  }

  #swapRow(resource: string, { record: before, entry }: CachedRecord, token: bigint, record: string): boolean {
    const { lastToken } = entry.line
    try {
      const { changes } = this.#sql(wire.SWAP_LINE).run(
        token,
        record,
        resource,
        this.#generation.number,
        lastToken,
        before,
      )
      return Number(changes) === 1
    } catch (error) {
      throw engineError(error, this.path, 'commit')
    }
  }

  #attempt<T>(work: (now: Moment) => T): { readonly result: T } | undefined {
    this.#generation.assertAlone()
    this.#given = 0n
    let phase: 'step' | 'commit' = 'step'
    try {
      this.#sql(wire.BEGIN).run()
      const result = work(this.#options.now())
      if (this.#given > this.#ceiling) {
        this.#rollback()
        return undefined
      }
      phase = 'commit'
      this.#sql(wire.COMMIT).run()
      if (this.#given > this.#highest) this.#highest = this.#given
      this.#opened.identity.assertCurrent()
      return { result }
    } catch (error) {
      this.#rollback()
      throw engineError(error, this.path, phase)
    }
  }

  #rollback(): void {
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // There was no transaction: BEGIN failed, or SQLite rolled back by itself.
    }
  }

  /** The step is done and must not fail any more: when this does not work out now, a later step does it. */
  #raiseCeilingInPassing(): void {
    if (this.#given + CEILING_RESERVE_US <= this.#ceiling) return
    try {
      this.#raiseCeiling(this.#given)
    } catch (error) {
      if (!(error instanceof NotApplied || error instanceof StoreUnavailable)) throw error
    }
  }

  /** Another process may have raised it already, and then this only learns of it. */
  #raiseCeiling(token: bigint): void {
    this.#ceiling = this.#durably(() => {
      const row = this.#generation.fileRow()
      const enough = token + CEILING_RESERVE_US <= row.ceiling
      const next = enough ? row.ceiling : ceilingAbove(token)
      if (!enough) this.#sql(wire.WRITE_FILE).run(row.epoch, row.generation, row.floor, next)
      return next
    })
  }

  /** One transaction that is on the disk for certain when it is over. */
  #durably<T>(work: () => T): T {
    return guarded(this.path, () => {
      this.#database.exec('PRAGMA synchronous = FULL')
      try {
        this.#sql(wire.BEGIN).run()
        const result = work()
        this.#sql(wire.COMMIT).run()
        return result
      } catch (error) {
        this.#rollback()
        throw error
      } finally {
        this.#database.exec(`PRAGMA synchronous = ${this.#options.durability}`)
      }
    })
  }

  #floorOfFile(): bigint {
    return greatest(this.#generation.fileRow().floor, this.#options.floor)
  }
}
