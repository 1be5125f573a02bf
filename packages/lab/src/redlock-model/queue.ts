/** The states still to be looked at, and how each was found, in plain bytes: millions of objects would not fit. */

const CHUNK_STATES = 4096

/** First in, first out. What was taken out is freed by the chunk. */
export class Queue {
  readonly #bytes: number
  readonly #chunks: Uint8Array[] = []
  #taken = 0
  #put = 0

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  push(state: Uint8Array): void {
    if (this.#put % CHUNK_STATES === 0) this.#chunks.push(new Uint8Array(CHUNK_STATES * this.#bytes))
    this.#chunks.at(-1)?.set(state, (this.#put % CHUNK_STATES) * this.#bytes)
    this.#put += 1
  }

  /** Fills in the next state; false when there is none. */
  shift(state: Uint8Array): boolean {
    const [chunk] = this.#chunks
    if (chunk === undefined || this.#taken === this.#put) return false
    const place = (this.#taken % CHUNK_STATES) * this.#bytes
    state.set(chunk.subarray(place, place + this.#bytes))
    this.#taken += 1
    if (this.#taken % CHUNK_STATES === 0) this.#chunks.shift()
    return true
  }
}

/** Of each state after the first, in the order of the queue: the number of the state before it, and the move. */
export class Log {
  #parents: Uint32Array = new Uint32Array(CHUNK_STATES)
  #moves: Uint32Array = new Uint32Array(CHUNK_STATES)
  #size = 0

  push(parent: number, move: number): void {
    if (this.#size === this.#parents.length) {
      this.#parents = doubled(this.#parents)
      this.#moves = doubled(this.#moves)
    }
    this.#parents[this.#size] = parent
    this.#moves[this.#size] = move
    this.#size += 1
  }

  /** The moves that led from the first state to this one. */
  pathTo(number: number): number[] {
    const path: number[] = []
    for (let at = number; at > 0; at = this.#parents[at - 1] ?? 0) path.push(this.#moves[at - 1] ?? 0)
    return path.toReversed()
  }
}

function doubled(full: Uint32Array): Uint32Array {
  const larger = new Uint32Array(full.length * 2)
  larger.set(full)
  return larger
}
