/**
 * Records this process has just read or written, decoded: the next step on a line nearly always finds what it left
 * there. Found by the whole text, so that nothing here can be out of date.
 */
import type { LineRecord } from './engine.ts'
import { decodeRecord, IDLE_RECORD } from './record.ts'

export interface CachedRecord {
  readonly record: string
  readonly entry: LineRecord
}

const CHARACTERS_MAX = 4_000_000
/** What keeping a line costs beside its text, as if it were text. */
const CHARACTERS_EACH = 100

export class RecordCache {
  readonly #byResource = new Map<string, CachedRecord>()
  #characters = 0

  get size(): number {
    return this.#byResource.size
  }

  /** Throws `SyntaxError` for a damaged record. */
  decode(resource: string, record: string, lastToken: bigint): LineRecord {
    const recalled = this.#byResource.get(resource)
    if (recalled?.record === record) {
      const { entry } = recalled
      return entry.line.lastToken === lastToken ? entry : { ...entry, line: { ...entry.line, lastToken } }
    }
    const entry = decodeRecord(record, lastToken)
    // Idle lines are kept where this process left them idle, and not each one that it passes.
    if (record !== IDLE_RECORD || recalled !== undefined) this.keep(resource, record, entry)
    return entry
  }

  /** What this process saw last in the line; another one may have changed it since. */
  latest(resource: string): CachedRecord | undefined {
    return this.#byResource.get(resource)
  }

  keep(resource: string, record: string, entry: LineRecord): void {
    const before = this.#byResource.get(resource)
    if (before !== undefined) this.#characters -= charactersOf(resource, before.record)
    this.#characters += charactersOf(resource, record)
    if (this.#characters > CHARACTERS_MAX) {
      this.#byResource.clear()
      this.#characters = charactersOf(resource, record)
    }
    this.#byResource.set(resource, { record, entry })
  }
}

function charactersOf(resource: string, record: string): number {
  return resource.length + record.length + CHARACTERS_EACH
}

/** A late release must not cut a lock-delay short, so a line with one is not for those who read the clock early. */
export function isOnlyOf(channel: string, { line, observers, waiters }: LineRecord): boolean {
  if (waiters !== undefined || observers.length > 0) return false
  return line.claims.every((claim) => claim.channel === channel && claim.lockDelayMs === 0)
}
