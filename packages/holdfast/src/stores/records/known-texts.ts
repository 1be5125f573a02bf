/**
 * What this process saw last in a line, for an engine without a clock: a change begins with it instead of a read, and the
 * compare-and-set itself says whether it is still so. Whoever finds that nothing is to be changed has to read after all.
 */
import type { StoredText } from './swap-engine.ts'
import { type DecodedText, decodeText } from './swap-text.ts'

/** Lines that are remembered, how long their texts may be together, and each: no claim makes such a one too long for its record. */
const LINES_MAX = 2_000
const LENGTH_MAX = 8_388_608
const TEXT_LENGTH_MAX = 16_384

interface KnownText {
  readonly stored: StoredText
  readonly decoded: DecodedText
}

export class KnownTexts {
  readonly #byResource = new Map<string, KnownText>()
  #length = 0

  latest(resource: string): StoredText | undefined {
    return this.#byResource.get(resource)?.stored
  }

  /** What was read. A text that is known already is not decoded again. Throws `SyntaxError` for what is no record. */
  read(resource: string, stored: StoredText): DecodedText {
    const known = this.#byResource.get(resource)
    if (known?.stored.version === stored.version) return known.decoded
    const decoded = decodeText(stored.text, true)
    this.learn(resource, { stored, decoded })
    return decoded
  }

  learn(resource: string, known: KnownText): void {
    this.forget(resource)
    const { length } = known.stored.text
    if (length > TEXT_LENGTH_MAX) return
    this.#byResource.set(resource, known)
    this.#length += length
    for (const oldest of this.#byResource.keys()) {
      if (this.#byResource.size <= LINES_MAX && this.#length <= LENGTH_MAX) return
      this.forget(oldest)
    }
  }

  forget(resource: string): void {
    this.#length -= this.latest(resource)?.text.length ?? 0
    this.#byResource.delete(resource)
  }
}
