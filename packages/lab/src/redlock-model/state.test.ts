import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { at, phases, Shape, type State } from './shape.ts'
import { ordersOf, Symmetry, turn } from './symmetry.ts'
import { rank } from './tokens.ts'
import { Visited } from './visited.ts'

const shape = new Shape({ nodes: 3, clients: 3, attempts: 2, asks: 6, wipes: 2 })
const attempts = Array.from({ length: shape.attempts }, (_, attempt) => attempt)
const nodes = Array.from({ length: shape.nodes }, (_, node) => node)

/** Every part of a state, by its place, with the largest value it can have. */
const parts: readonly (readonly [place: number, max: number])[] = [
  [shape.wipes, 2],
  ...attempts.flatMap((attempt): [number, number][] => [
    [shape.phase(attempt), phases.givenUp],
    [shape.granted(attempt), 40],
    [shape.floor(attempt), 40],
  ]),
  ...nodes.flatMap((node): [number, number][] => [
    [shape.token(node), 40],
    [shape.owner(node), shape.attempts],
    [shape.away(node), 1],
    ...attempts.flatMap((attempt): [number, number][] => [
      [shape.pending(node, attempt), 1],
      [shape.answer(node, attempt), 40],
      [shape.heard(node, attempt), 40],
    ]),
  ]),
]

const values = fc.tuple(...parts.map(([, max]) => fc.nat(max)))

function packed(parted: readonly number[]): State {
  const state = shape.initial()
  parts.forEach(([place], index) => (state[place] = parted[index] ?? 0))
  return state
}

const states = values.map(packed)

describe('a state', () => {
  it('keeps every part in a place of its own, so two states with the same bytes are the same', () => {
    expect(new Set(parts.map(([place]) => place)).size).toBe(shape.bytes)
    fc.assert(
      fc.property(values, (parted) => {
        const state = packed(parted)
        expect(parts.map(([place]) => at(state, place))).toEqual(parted)
      }),
    )
  })

  it('keeps the order of its tokens when they get their ranks, and which are equal', () => {
    fc.assert(
      fc.property(states, (state) => {
        const ranked = state.slice()
        rank(shape, ranked)
        for (const one of shape.tokens) {
          expect(at(ranked, one) % 2).toBe(0)
          for (const other of shape.tokens) {
            const before = Math.sign(at(state, one) - at(state, other))
            expect(Math.sign(at(ranked, one) - at(ranked, other)) === before).toBe(true)
          }
        }
        const again = ranked.slice()
        rank(shape, again)
        expect(again).toEqual(ranked)
      }),
      { numRuns: 20 },
    )
  })

  it('has one key however its nodes and clients are named', () => {
    const symmetry = new Symmetry(shape)
    const orders = fc.tuple(fc.constantFrom(...ordersOf(nodes)), fc.constantFrom(...ordersOf([0, 1, 2])))
    fc.assert(
      fc.property(states, orders, (state, [nodeOrder, clientOrder]) => {
        const key = symmetry.keyOf(state).slice()
        expect(symmetry.keyOf(renamed(state, nodeOrder, clientOrder))).toEqual(key)
        expect(symmetry.keyOf(key)).toEqual(key)
      }),
    )
  })

  it('has another key when it differs by more than names', () => {
    const symmetry = new Symmetry(shape)
    const changes = fc.tuple(states, fc.nat(shape.tokens.length - 1))
    fc.assert(
      fc.property(changes, ([state, index]) => {
        const key = symmetry.keyOf(state).slice()
        const changed = state.slice()
        // No other token is as large, so no renaming makes them equal.
        changed[shape.tokens[index] ?? 0] = 99
        expect(symmetry.keyOf(changed)).not.toEqual(key)
      }),
    )
  })
})

function renamed(state: State, nodeOrder: readonly number[], clientOrder: readonly number[]): State {
  const perClient = shape.bounds.attempts
  const order = attempts.map((each) => (clientOrder[shape.clientOf(each)] ?? 0) * perClient + (each % perClient))
  const turned = shape.initial()
  turn(shape, state, order, turned)
  const columns = nodes.map((node) => turned.slice(shape.token(node), shape.token(node) + shape.columnBytes))
  nodeOrder.forEach((from, to) => turned.set(columns[from] ?? [], shape.token(to)))
  return turned
}

describe('the states that were seen', () => {
  it('are told from those that were not, as by a set that keeps them whole', () => {
    const [visited, whole] = [new Visited(), new Set<number>()]
    const state = new Uint8Array(40)
    for (let draw = 0; draw < 200_000; draw += 1) {
      // Each number twice on average, in an order without a pattern.
      const number = Math.imul(draw % 150_000, 0x9e3779b1) >>> 7
      state[3] = number & 255
      state[17] = (number >>> 8) & 255
      state[39] = (number >>> 16) & 255
      expect(visited.add(state) === !whole.has(number & 0xffffff)).toBe(true)
      whole.add(number & 0xffffff)
    }
    expect(visited.size).toBe(whole.size)
  })
})
