/** How many votes the client of an attempt needs: of all nodes, or of those on the lists that it knows. */
import type { Rule } from './rule.ts'
import type { Shape } from './shape.ts'

export function neededBy(shape: Shape, rule: Rule, attempt: number): number {
  const { change } = shape.bounds
  if (change === undefined) return rule.needed(shape.nodes)
  const [old, changed] = [change.kept + change.removed, change.kept + change.added]
  switch (shape.knows(attempt)) {
    case 'old':
      return rule.needed(old)
    case 'new':
      return rule.needed(changed)
    default:
      return rule.change.joint(shape.nodes, old, changed)
  }
}
