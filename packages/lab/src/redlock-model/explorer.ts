/**
 * Visits every state that can be reached, nearest first, so that the first violation has a shortest trace. It keeps a
 * hash of every state, and for the trace the move that led to it: about 25 bytes a state, and those states whole that
 * have not been looked at.
 */
import { kinds, type Move, movesOf } from './moves.ts'
import type { Property } from './properties.ts'
import { Log, Queue } from './queue.ts'
import type { Rule } from './rule.ts'
import { type Bounds, Shape } from './shape.ts'
import { step } from './step.ts'
import { Symmetry } from './symmetry.ts'
import { tidy } from './tidy.ts'
import { rank } from './tokens.ts'
import { StateSet } from './state-set.ts'

export interface Limits {
  readonly states: number
  readonly seconds: number
}

export interface Exploration {
  readonly states: number
  readonly moves: number
  readonly seconds: number
  /** Absent when every state was visited, or a violation ended the search. */
  readonly stoppedBy?: keyof Limits
  readonly violation?: { readonly property: Property; readonly moves: readonly Move[] }
}

/** Looking at the clock takes longer than looking at a state. */
const STATES_PER_LOOK = 1024

export function explore(rule: Rule, bounds: Bounds, limits: Limits): Exploration {
  const startMs = performance.now()
  const shape = new Shape(bounds)
  const symmetry = new Symmetry(shape)
  const visited = new StateSet()
  const queue = new Queue(shape.bytes)
  const log = new Log()
  const state = shape.initial()
  const next = shape.initial()
  let moves = 0
  const result = (rest: Pick<Exploration, 'stoppedBy' | 'violation'>): Exploration => {
    return { states: visited.size, moves, seconds: (performance.now() - startMs) / 1000, ...rest }
  }
  visited.add(symmetry.keyOf(state))
  queue.push(state)
  for (let number = 0; queue.shift(state); number += 1) {
    if (number % STATES_PER_LOOK === 0) {
      if (visited.size >= limits.states) return result({ stoppedBy: 'states' })
      if (performance.now() - startMs > limits.seconds * 1000) return result({ stoppedBy: 'seconds' })
    }
    for (const move of movesOf(shape, rule, state)) {
      moves += 1
      next.set(state)
      const property = step(shape, rule, next, move)
      if (property !== undefined) {
        const trace = [...log.pathTo(number).map(moveOf), move]
        return result({ violation: { property, moves: trace } })
      }
      tidy(shape, rule, next)
      if (rule.votes === 'any') rank(shape, next)
      if (!visited.add(symmetry.keyOf(next))) continue
      queue.push(next)
      log.push(number, codeOf(move))
    }
  }
  return result({})
}

function codeOf({ kind, attempt, node, token }: Move): number {
  return kinds.indexOf(kind) | (attempt << 4) | (node << 8) | (token << 12)
}

function moveOf(code: number): Move {
  return { kind: kinds[code & 15] ?? 'begin', attempt: (code >> 4) & 15, node: (code >> 8) & 15, token: code >> 12 }
}
