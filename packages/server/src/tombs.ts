/** Names that became free lately, so that a reader that comes back hears of them; older ones are forgotten, and said to be. */

const TOMBS_MAX = 10_000

export class Tombs {
  readonly #changes = new Map<string, number>()
  /** What became free by then may be forgotten. */
  #forgotten = 0

  add(name: string, change: number): void {
    this.#changes.delete(name)
    this.#changes.set(name, change)
    const [oldest] = this.#changes
    if (this.#changes.size <= TOMBS_MAX || oldest === undefined) return
    this.#changes.delete(oldest[0])
    this.#forgotten = oldest[1]
  }

  forget(change: number): void {
    this.#changes.clear()
    this.#forgotten = change
  }

  /** Undefined when a name that became free after this change may be forgotten. */
  since(change: number): readonly string[] | undefined {
    if (change < this.#forgotten) return undefined
    return [...this.#changes].filter(([, at]) => at > change).map(([name]) => name)
  }
}
