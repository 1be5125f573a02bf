import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { at, phases, Shape, type State } from './shape.ts'
import { ordersOf, Symmetry } from './symmetry.ts'
import { rank } from './tokens.ts'
import { StateSet } from './state-set.ts'

const shape = new Shape({ nodes: 3, clients: 3, attempts: 2, asks: 6, wipes: 2, resends: 2 })
const attempts = Array.from({ length: shape.attempts }, (_, attempt) => attempt)
const nodes = Array.from({ length: shape.nodes }, (_, node) => node)

/** Every part of a state, by its place, with the largest value it can have. */
const parts: readonly (readonly [place: number, max: number])[] = [
  [shape.wipes, 2],
  [shape.resends, 2],
  [shape.hasWaited, 1],
  ...attempts.flatMap((attempt): [number, number][] => [
    [shape.phase(attempt), phases.givenUp],
    [shape.granted(attempt), 40],
    [shape.floor(attempt), 40],
  ]),
  ...nodes.flatMap((node): [number, number][] => [
    [shape.token(node), 40],
    [shape.owner(node), shape.attempts],
    [shape.away(node), 1],
    [shape.stage(node), 2],
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
        const orderOf = (of: State): number[] =>
          shape.tokens.flatMap((one) => shape.tokens.map((other) => Math.sign(at(of, one) - at(of, other))))
        expect(orderOf(ranked)).toEqual(orderOf(state))
        expect(shape.tokens.filter((place) => at(ranked, place) % 2 === 1)).toEqual([])
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

  it('has another key when nodes of other lists, or clients that know other lists, change places', () => {
    const change = { kept: 1, removed: 1, added: 1, clients: ['old', 'both', 'new'] } as const
    const symmetry = new Symmetry(new Shape({ ...shape.bounds, change }))
    const moved = fc.tuple(fc.constantFrom(...ordersOf(nodes)), fc.constantFrom(...ordersOf([0, 1, 2])))
    fc.assert(
      fc.property(states, moved, (state, [nodeOrder, clientOrder]) => {
        const key = symmetry.keyOf(state).slice()
        const other = renamed(state, nodeOrder, clientOrder)
        expect(Buffer.compare(symmetry.keyOf(other), key) === 0).toBe(Buffer.compare(other, state) === 0)
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

/** By the names of the parts, in no way that the key is made. */
function renamed(state: State, nodeOrder: readonly number[], clientOrder: readonly number[]): State {
  const perClient = shape.bounds.attempts
  const placeOf = (attempt: number): number =>
    (clientOrder[shape.clientOf(attempt)] ?? 0) * perClient + (attempt % perClient)
  const other = shape.initial()
  const copy = (to: number, from: number): number => (other[to] = at(state, from))
  copy(shape.wipes, shape.wipes)
  copy(shape.resends, shape.resends)
  copy(shape.hasWaited, shape.hasWaited)
  for (const attempt of attempts) {
    copy(shape.phase(placeOf(attempt)), shape.phase(attempt))
    copy(shape.granted(placeOf(attempt)), shape.granted(attempt))
    copy(shape.floor(placeOf(attempt)), shape.floor(attempt))
  }
  for (const node of nodes) {
    const to = nodeOrder[node] ?? 0
    copy(shape.token(to), shape.token(node))
    copy(shape.away(to), shape.away(node))
    copy(shape.stage(to), shape.stage(node))
    const owner = at(state, shape.owner(node))
    other[shape.owner(to)] = owner === 0 ? 0 : placeOf(owner - 1) + 1
    for (const attempt of attempts) {
      copy(shape.pending(to, placeOf(attempt)), shape.pending(node, attempt))
      copy(shape.answer(to, placeOf(attempt)), shape.answer(node, attempt))
      copy(shape.heard(to, placeOf(attempt)), shape.heard(node, attempt))
    }
  }
  return other
}

describe('the states that were seen', () => {
  it('are told from those that were not, as by a set that keeps them whole', () => {
    const [visited, whole] = [new StateSet(), new Set<number>()]
    const state = new Uint8Array(40)
    let wrong = 0
    for (let draw = 0; draw < 200_000; draw += 1) {
      // A part of the numbers twice, in an order without a pattern.
      const number = Math.imul(draw % 150_000, 0x9e3779b1) >>> 7
      state[3] = number & 255
      state[17] = (number >>> 8) & 255
      state[39] = (number >>> 16) & 255
      if (visited.add(state) === whole.has(number & 0xffffff)) wrong += 1
      whole.add(number & 0xffffff)
    }
    expect(wrong).toBe(0)
    expect(visited.size).toBe(whole.size)
  })
})
