import fc from 'fast-check'
import { expect, it } from 'vitest'
import { movesOf } from './moves.ts'
import { naiveMax, ours, type Rule } from './rule.ts'
import { at, Shape } from './shape.ts'
import { step } from './step.ts'

const shape = new Shape({ nodes: 3, clients: 3, attempts: 2, asks: 6, wipes: 1, resends: 2 })
const nodes = [0, 1, 2]

/** A walk through the world that forgets nothing and renames nothing, as the real one. */
function walk(rule: Rule, choices: readonly number[], look: (before: readonly number[], kind: string) => void): void {
  const state = shape.initial()
  for (const choice of choices) {
    const moves = movesOf(shape, rule, state)
    const move = moves[choice % moves.length]
    if (move === undefined) return
    const before = nodes.map((node) => at(state, shape.token(node)))
    step(shape, rule, state, move)
    look(
      before.map((token, node) => at(state, shape.token(node)) - token),
      move.kind,
    )
  }
}

const choices = fc.array(fc.nat(10_000), { minLength: 80, maxLength: 80 })

it('the token of a node rises with every vote, and never falls', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(choices, (choices) => {
      walk({ ...ours, votes: 'next' }, choices, (rises, kind) => {
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
        for (const rise of rises) expect(rise).toBeGreaterThanOrEqual(0)
        if (kind === 'accept') expect(Math.max(...rises)).toBe(1)
      })
    }),
    { numRuns: 300 },
  )
  // A walk on which nothing happens proves nothing.
  expect([...seen.keys()].toSorted()).toEqual(['accept', 'begin', 'hear', 'raise', 'rejoin', 'wipe'])
})

it('a rule that raises nothing makes no raise', () => {
  fc.assert(
    fc.property(choices, (choices) => walk(naiveMax, choices, (_, kind) => expect(kind).not.toBe('raise'))),
    { numRuns: 50 },
  )
})
