/** One seed, one sequence: every choice of a simulated run is drawn here, so that the seed alone repeats it. */

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
    // Small seeds differ in few bits; the first draws would look alike.
    for (let draw = 0; draw < 8; draw += 1) this.next()
  }

  /** From 0 to 1. Mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for one run. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0]
  }

  /** A generator of its own, so that what one part draws does not shift what another one gets. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 2 ** 32))
  }
}

/** Runs the work with `Math.random` drawn from the seed: the library's jitter and back-off must repeat too. */
export async function withSeededMath<T>(random: Random, work: () => Promise<T>): Promise<T> {
  const original = Math.random
  Math.random = () => random.next()
  try {
    return await work()
  } finally {
    Math.random = original
  }
}
