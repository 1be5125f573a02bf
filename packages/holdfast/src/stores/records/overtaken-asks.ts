/**
 * A leave that does not wait for an ask of the same claim may come first, and the ask that comes after it would make a
 * claim that nobody ends. So such an ask is followed by a second leave.
 */
import type { Standing } from '../../store/standing.ts'

export class OvertakenAsks {
  readonly #asking = new Map<string, number>()
  readonly #left = new Set<string>()
  readonly #running = new Map<Promise<Standing>, string>()

  /** Runs the ask; where a leave overtook it, `leave` is called again and the claim is gone. */
  async ask(id: string, ask: () => Promise<Standing>, leave: () => Promise<unknown>): Promise<Standing> {
    const running = this.#run(id, ask, leave)
    this.#running.set(running, id)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  left(id: string): void {
    if (this.#asking.has(id)) this.#left.add(id)
  }

  /** Resolves when every ask that a leave has overtaken had its second leave: before that the store must stay open. */
  ended(): Promise<unknown> | undefined {
    const overtaken = [...this.#running].flatMap(([running, id]) => (this.#left.has(id) ? [running] : []))
    return overtaken.length === 0 ? undefined : Promise.allSettled(overtaken)
  }

  async #run(id: string, ask: () => Promise<Standing>, leave: () => Promise<unknown>): Promise<Standing> {
    this.#asking.set(id, (this.#asking.get(id) ?? 0) + 1)
    try {
      const standing = await ask()
      if (!this.#left.has(id)) return standing
      await leave()
      return { kind: 'gone' }
    } catch (error) {
      // It may have been carried out all the same, and nobody hears of this second leave.
      if (this.#left.has(id)) leave().catch(() => undefined)
      throw error
    } finally {
      const others = (this.#asking.get(id) ?? 1) - 1
      if (others > 0) this.#asking.set(id, others)
      else {
        this.#asking.delete(id)
        this.#left.delete(id)
      }
    }
  }
}
