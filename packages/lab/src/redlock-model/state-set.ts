/**
 * The states that were seen, by 64 bits of hash each: 8 bytes instead of the state. Two states with one hash would be
 * taken for one; among 10^7 states that happens with a chance of 3 in a million.
 */
import { at, type State } from './shape.ts'

const FULL_SHARE = 0.7
const FIRST_BITS = 16

export class StateSet {
  #bits = FIRST_BITS
  #high: Uint32Array = new Uint32Array(2 ** FIRST_BITS)
  #low: Uint32Array = new Uint32Array(2 ** FIRST_BITS)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Whether it is new. */
  add(key: State): boolean {
    const [high, low] = hashOf(key)
    if (!this.#insert(high, low)) return false
    this.#size += 1
    if (this.#size > 2 ** this.#bits * FULL_SHARE) this.#grow()
    return true
  }

  #insert(high: number, low: number): boolean {
    const mask = 2 ** this.#bits - 1
    for (let place = (high ^ Math.imul(low, 0x9e3779b1)) & mask; ; place = (place + 1) & mask) {
      if (this.#high[place] === 0 && this.#low[place] === 0) {
        this.#high[place] = high
        this.#low[place] = low
        return true
      }
      if (this.#high[place] === high && this.#low[place] === low) return false
    }
  }

  #grow(): void {
    const [high, low] = [this.#high, this.#low]
    this.#bits += 1
    this.#high = new Uint32Array(2 ** this.#bits)
    this.#low = new Uint32Array(2 ** this.#bits)
    for (let place = 0; place < high.length; place += 1) {
      const [a, b] = [high[place] ?? 0, low[place] ?? 0]
      if (a !== 0 || b !== 0) this.#insert(a, b)
    }
  }
}

/** Two hashes of 32 bits in the manner of MurmurHash3 (Austin Appleby, public domain); never 0, which is an empty place. */
export function hashOf(key: State): readonly [high: number, low: number] {
  let [high, low] = [0x811c9dc5, 0x2545f491]
  for (let index = 0; index < key.length; index += 1) {
    const byte = at(key, index)
    high = Math.imul(high ^ byte, 0x01000193)
    high ^= high >>> 15
    low = Math.imul(low + byte + 1, 0x85ebca6b)
    low ^= low >>> 13
  }
  const mixed = finish(low, 0xc2b2ae35)
  return [finish(high, 0x2c1b3c6d), mixed === 0 ? 1 : mixed]
}

function finish(hash: number, factor: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), factor)
  return (mixed ^ (mixed >>> 13)) >>> 0
}
