/** A key of another program in the place of one lock fails a question about a thousand: so it is found, and the rest is told. */
import { isForeignKey } from './errors.ts'

/**
 * The answers, in order. Where a key cannot be read, its half is asked about again and again, until that key alone is
 * left; it gets the answer `unreadable`.
 */
export async function askedApart<Item, Answer>(
  items: readonly Item[],
  unreadable: Answer,
  ask: (some: readonly Item[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  try {
    return await ask(items)
  } catch (error) {
    if (!isForeignKey(error)) throw error
    if (items.length === 1) return [unreadable]
    const middle = items.length >> 1
    const halves = [items.slice(0, middle), items.slice(middle)]
    return (await Promise.all(halves.map((half) => askedApart(half, unreadable, ask)))).flat()
  }
}
