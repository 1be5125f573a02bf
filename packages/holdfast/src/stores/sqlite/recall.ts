/**
 * Records this process has just read or written, decoded: the next step on a line nearly always finds what it left
 * there. Found by the whole text, so that nothing here can be out of date.
 */
import type { LineClaim } from '../../core/line.ts'
import { decodeRecord, type Entry, IDLE_RECORD, type Observer } from './record.ts'

interface Recalled {
  readonly record: string
  readonly claims: readonly LineClaim[]
  readonly observers: readonly Observer[]
}

const CHARACTERS_MAX = 4_000_000

export class Recall {
  readonly #byResource = new Map<string, Recalled>()
  #characters = 0

  /** Throws `SyntaxError` for a damaged record. */
  decode(resource: string, record: string, lastToken: bigint): Entry {
    const recalled = this.#byResource.get(resource)
    if (recalled?.record === record) {
      return { line: { lastToken, claims: recalled.claims }, observers: recalled.observers }
    }
    const entry = decodeRecord(record, lastToken)
    this.keep(resource, record, entry)
    return entry
  }

  keep(resource: string, record: string, { line, observers }: Entry): void {
    const before = this.#byResource.get(resource)
    if (before !== undefined) this.#characters -= resource.length + before.record.length
    if (record === IDLE_RECORD) {
      this.#byResource.delete(resource)
      return
    }
    this.#characters += resource.length + record.length
    if (this.#characters > CHARACTERS_MAX) {
      this.#byResource.clear()
      this.#characters = resource.length + record.length
    }
    this.#byResource.set(resource, { record, claims: line.claims, observers })
  }
}
