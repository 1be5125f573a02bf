/**
 * Forgets what no later step can see, so that states which continue alike are one state. It only matters for attempts
 * that are over: what they heard, and the votes they have, count no more unless a RAISE or RENEW of theirs may still come.
 */
import { neededBy } from './majority.ts'
import type { Rule } from './rule.ts'
import { at, phases, type Shape, type State } from './shape.ts'

export function tidy(shape: Shape, rule: Rule, state: State): void {
  // Then a RAISE of before may find a vote of its attempt where there is none now.
  const mayVoteAgain = at(state, shape.resends) < shape.bounds.resends
  for (let attempt = 0; attempt < shape.attempts; attempt += 1) {
    const phase = at(state, shape.phase(attempt))
    if (phase !== phases.granted && phase !== phases.givenUp) continue
    state[shape.floor(attempt)] = 0
    const top = highestTarget(shape, rule, state, attempt)
    let mayRaise = false
    for (let node = 0; node < shape.nodes; node += 1) {
      state[shape.answer(node, attempt)] = 0
      if (at(state, shape.owner(node)) !== attempt + 1) continue
      const isKnown = phase === phases.granted || at(state, shape.heard(node, attempt)) > 0
      if (isKnown && at(state, shape.token(node)) < top) mayRaise = true
      else state[shape.owner(node)] = 0
    }
    if (mayRaise || mayVoteAgain) continue
    for (let node = 0; node < shape.nodes; node += 1) state[shape.heard(node, attempt)] = 0
  }
}

function highestTarget(shape: Shape, rule: Rule, state: State, attempt: number): number {
  let top = 0
  let heard = 0
  for (let node = 0; node < shape.nodes; node += 1) {
    const vote = at(state, shape.heard(node, attempt))
    if (vote > 0) heard += 1
    top = Math.max(top, vote)
  }
  return Math.max(heard < neededBy(shape, rule, attempt) ? 0 : top, at(state, shape.granted(attempt)))
}
