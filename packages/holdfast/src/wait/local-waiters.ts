/**
 * The waiters of this client, line by line, in the order in which the store answered that they wait. A push may be lost, so
 * waiters look as well: the first of a line often, because its turn is next, and the others as often as their places need
 * it. A crowd of one process costs its line little more than one waiter does. (docs/protocols/line.md)
 */
export interface LocalWaiter {
  /** Looks once more within this time. */
  lookWithin(limitMs: number): void
}

export class LocalWaiters {
  readonly #lines = new Map<string, Set<LocalWaiter>>()

  /** Behind those that are there; a waiter that is there stays where it is. */
  join(resource: string, waiter: LocalWaiter): void {
    const waiters = this.#lines.get(resource)
    if (waiters === undefined) this.#lines.set(resource, new Set([waiter]))
    else waiters.add(waiter)
  }

  /** The next one is the first from now on, if this was it, and looks within this time. */
  leave(resource: string, waiter: LocalWaiter, limitMs: number): void {
    const waiters = this.#lines.get(resource)
    const wasFirst = this.isFirst(resource, waiter)
    waiters?.delete(waiter)
    if (waiters?.size === 0) this.#lines.delete(resource)
    else if (wasFirst) first(waiters)?.lookWithin(limitMs)
  }

  isFirst(resource: string, waiter: LocalWaiter): boolean {
    return first(this.#lines.get(resource)) === waiter
  }

  /** A push got lost, and more of them may have been granted with it. */
  lookAll(resource: string): void {
    for (const waiter of this.#lines.get(resource) ?? []) waiter.lookWithin(0)
  }
}

function first(waiters: ReadonlySet<LocalWaiter> | undefined): LocalWaiter | undefined {
  return waiters?.values().next().value
}
