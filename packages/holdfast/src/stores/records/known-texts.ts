/**
 * What this process saw last in a line, for an engine without a clock: a change begins with it instead of a read, and the
 * compare-and-set itself says whether it is still so. Whoever finds that nothing is to be changed has to read after all.
 */
import type { StoredText } from './swap-engine.ts'

/** Lines that are remembered, and how long their texts may be: no claim makes such a one too long for its record. */
const LINES_MAX = 2_000
const TEXT_LENGTH_MAX = 4_096

export class KnownTexts {
  readonly #byResource = new Map<string, StoredText>()

  latest(resource: string): StoredText | undefined {
    return this.#byResource.get(resource)
  }

  learn(resource: string, stored: StoredText | undefined): void {
    this.#byResource.delete(resource)
    if (stored === undefined || stored.text.length > TEXT_LENGTH_MAX) return
    this.#byResource.set(resource, stored)
    if (this.#byResource.size <= LINES_MAX) return
    for (const oldest of this.#byResource.keys()) {
      this.#byResource.delete(oldest)
      return
    }
  }
}
