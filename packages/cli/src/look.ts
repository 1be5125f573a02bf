/** Looks at many lines of claims in few steps: what `ls` and `watch` have in common. */
import type { LineView, Locks } from 'holdfast'

export interface NamedLine {
  readonly name: string
  readonly line: LineView
}

/** Lines looked at together: a listing must not take a whole connection pool. */
const AT_ONCE = 8

/** The lines of these names, in their order, without those that became free meanwhile. */
export async function linesOf(locks: Locks, names: readonly string[]): Promise<readonly NamedLine[]> {
  const found: NamedLine[] = []
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE)
    found.push(...(await Promise.all(some.map(async (name) => ({ name, line: await locks.inspect(name) })))))
  }
  return found.filter(({ line }) => line.claims.length > 0)
}
