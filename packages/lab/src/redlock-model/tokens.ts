/**
 * Only the order of tokens matters, so a state keeps their ranks: 2, 4, 6 … with an odd number between any two for a
 * token that is new. So finitely many states stand for all tokens, all clocks and all proposals.
 */
import { at, type Shape, type State } from './shape.ts'

const LARGEST = 256
const present = new Uint8Array(LARGEST)
const rankOf = new Uint8Array(LARGEST)

/** Gives the tokens of a state their ranks. */
export function rank({ tokens }: Shape, state: State): void {
  present.fill(0)
  for (const place of tokens) present[at(state, place)] = 1
  let next = 0
  for (let value = 1; value < LARGEST; value += 1) {
    if (present[value] === 1) rankOf[value] = next += 2
  }
  for (const place of tokens) state[place] = rankOf[at(state, place)] ?? 0
}

/** The tokens of a state, lowest first, each once. */
export function tokensOf({ tokens }: Shape, state: State): readonly number[] {
  return [...new Set(tokens.map((place) => at(state, place)))].filter((token) => token > 0).toSorted((a, b) => a - b)
}

export function largest({ tokens }: Shape, state: State): number {
  let found = 0
  for (const place of tokens) found = Math.max(found, at(state, place))
  return found
}
