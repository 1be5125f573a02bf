/**
 * How a violation came about, for people. The search knows tokens by their rank among those of a state, so the moves
 * are made once more with one number for each token, the same from the first line to the last and in the same order.
 */
import type { Exploration } from './explorer.ts'
import type { Move } from './moves.ts'
import { properties } from './properties.ts'
import type { Rule } from './rule.ts'
import { at, type Bounds, phases, Shape, type State } from './shape.ts'
import { step } from './step.ts'
import { tidy } from './tidy.ts'
import { rank, tokensOf } from './tokens.ts'

interface Line {
  /** With `{}` where the token stands. */
  readonly text: string
  /** Between the values of the tokens that are there; the final numbers only keep the order. */
  readonly value: number
}

export function traceOf(rule: Rule, bounds: Bounds, { property, moves }: Violation): readonly string[] {
  const shape = new Shape(bounds)
  const state = shape.initial()
  const lines: Line[] = []
  let values = new Map<number, number>([[0, 0]])
  for (const move of moves) {
    const before = state.slice()
    step(shape, rule, state, move)
    if (!values.has(move.token)) values.set(move.token, between(values, move.token))
    lines.push(lineOf(shape, before, state, move, values))
    tidy(shape, rule, state)
    if (rule.votes === 'next') continue
    values = ranked(tokensOf(shape, state), values)
    rank(shape, state)
  }
  const numbers = [...new Set(lines.map(({ value }) => value).filter((value) => value > 0))].toSorted((a, b) => a - b)
  const shown = lines.map(({ text, value }) => text.replaceAll('{}', String(numbers.indexOf(value) + 1)))
  return [...shown, `${property} is broken: it promises that ${properties[property]}`]
}

type Violation = NonNullable<Exploration['violation']>

/** A value for a token that is new, between those of its neighbours. */
function between(values: ReadonlyMap<number, number>, token: number): number {
  const below = Math.max(...[...values].filter(([other]) => other < token).map(([, value]) => value))
  const above = Math.min(...[...values].filter(([other]) => other > token).map(([, value]) => value))
  return above === Infinity ? below + 1 : (below + above) / 2
}

/** The tokens of a state, lowest first, have the ranks 2, 4, 6 … in the next. */
function ranked(tokens: readonly number[], values: ReadonlyMap<number, number>): Map<number, number> {
  const next = new Map<number, number>([[0, 0]])
  tokens.forEach((token, index) => next.set(2 * (index + 1), values.get(token) ?? 0))
  return next
}

function lineOf(shape: Shape, before: State, after: State, move: Move, values: ReadonlyMap<number, number>): Line {
  const { attempt, node, token } = move
  const who = nameOf(shape, attempt)
  const place = `node ${node + 1}`
  const value = (of: number): number => values.get(of) ?? 0
  switch (move.kind) {
    case 'begin': {
      const isAgain = at(after, shape.phase(Math.max(0, attempt - 1))) === phases.givenUp
      const isSecond = attempt % shape.bounds.attempts > 0 && isAgain
      const last = isSecond ? `, after ${nameOf(shape, attempt - 1)} was given up` : ''
      return { text: `${who}${listsOf(shape, attempt)} asks all nodes${last}`, value: 0 }
    }
    case 'accept': {
      const owner = at(before, shape.owner(node))
      const ended = owner > 0 ? `: the vote for ${nameOf(shape, owner - 1)} has ended there` : ''
      return { text: `${place} votes for ${who} with {}${ended}`, value: value(token) }
    }
    case 'raise':
      return { text: `${place} raises the vote for ${who} to {}`, value: value(at(after, shape.token(node))) }
    case 'hear': {
      const isGranted = at(after, shape.phase(attempt)) === phases.granted
      const granted = isGranted && at(before, shape.phase(attempt)) !== phases.granted
      const heard = at(after, shape.heard(node, attempt))
      if (!granted) return { text: `${who} hears {} from ${place}`, value: value(heard) }
      return { text: `${who} hears from ${place}, and is granted {}`, value: value(at(after, shape.granted(attempt))) }
    }
    case 'wipe':
      return { text: `${place} loses its data`, value: 0 }
    case 'rejoin':
      return { text: `${place} votes again${token > 0 ? ', above {}' : ', from nothing'}`, value: value(token) }
    case 'leave':
      return { text: `${place} leaves the old list`, value: 0 }
    case 'wait':
      return { text: 'from here on nodes may come under the new list', value: 0 }
    case 'join':
      return { text: `${place} comes under the new list`, value: 0 }
  }
}

function listsOf(shape: Shape, attempt: number): string {
  const knows = shape.knows(attempt)
  return knows === undefined ? '' : knows === 'both' ? ', which knows both lists,' : `, which knows the ${knows} list,`
}

/** `a`, or `a2` for the second attempt of client a. */
export function nameOf(shape: Shape, attempt: number): string {
  const client = String.fromCodePoint(97 + shape.clientOf(attempt))
  return shape.bounds.attempts === 1 ? client : `${client}${(attempt % shape.bounds.attempts) + 1}`
}
