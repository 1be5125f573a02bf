/**
 * One key for all states that differ only in which node or which client is which. Nodes differ only in their columns,
 * so the columns are sorted; clients are few, so all their orders are tried and the smallest result is the key.
 */
import { at, type Shape, type State } from './shape.ts'

export class Symmetry {
  readonly #shape: Shape
  /** For each order of the clients the new place of every attempt. */
  readonly #orders: readonly (readonly number[])[]
  readonly #turned: State
  readonly #smallest: State
  readonly #column: Uint8Array

  constructor(shape: Shape) {
    this.#shape = shape
    const { clients, attempts, change } = shape.bounds
    const all = ordersOf(Array.from({ length: clients }, (_, client) => client))
    // A client that knows another list is another one.
    const same = all.filter((order) => order.every((to, from) => change?.clients[to] === change?.clients[from]))
    this.#orders = same.map((order) =>
      Array.from({ length: shape.attempts }, (_, attempt) => {
        const place = order[shape.clientOf(attempt)] ?? 0
        return place * attempts + (attempt % attempts)
      }),
    )
    this.#turned = shape.initial()
    this.#smallest = shape.initial()
    this.#column = new Uint8Array(shape.columnBytes)
  }

  /** Valid until the next call. */
  keyOf(state: State): State {
    this.#orders.forEach((order, index) => {
      turn(this.#shape, state, order, this.#turned)
      this.#sortColumns()
      if (index === 0 || isSmaller(this.#turned, this.#smallest)) this.#smallest.set(this.#turned)
    })
    return this.#smallest
  }

  /** By insertion: there are three or five of them. Only nodes on the same lists are alike. */
  #sortColumns(): void {
    const { columnsAt, columnBytes, groups } = this.#shape
    groups.slice(1).forEach((end, index) => {
      const first = groups[index] ?? 0
      this.#sortBetween(columnsAt + first * columnBytes, columnsAt + end * columnBytes)
    })
  }

  #sortBetween(first: number, end: number): void {
    const { columnBytes } = this.#shape
    const state = this.#turned
    for (let from = first + columnBytes; from < end; from += columnBytes) {
      this.#column.set(state.subarray(from, from + columnBytes))
      let to = from
      while (to > first && this.#isBefore(to - columnBytes)) {
        state.copyWithin(to, to - columnBytes, to)
        to -= columnBytes
      }
      state.set(this.#column, to)
    }
  }

  #isBefore(place: number): boolean {
    for (let index = 0; index < this.#column.length; index += 1) {
      const difference = at(this.#column, index) - at(this.#turned, place + index)
      if (difference !== 0) return difference < 0
    }
    return false
  }
}

/** Puts every attempt into its new place. */
function turn(shape: Shape, state: State, order: readonly number[], turned: State): void {
  turned.set(state)
  order.forEach((place, attempt) => {
    for (let index = 0; index < 3; index += 1) {
      turned[shape.phase(place) + index] = at(state, shape.phase(attempt) + index)
    }
    for (let node = 0; node < shape.nodes; node += 1) {
      for (let index = 0; index < 3; index += 1) {
        turned[shape.pending(node, place) + index] = at(state, shape.pending(node, attempt) + index)
      }
      if (at(state, shape.owner(node)) === attempt + 1) turned[shape.owner(node)] = place + 1
    }
  })
}

function isSmaller(one: State, other: State): boolean {
  for (let index = 0; index < one.length; index += 1) {
    const difference = at(one, index) - at(other, index)
    if (difference !== 0) return difference < 0
  }
  return false
}

export function ordersOf(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length <= 1) return [items]
  return items.flatMap((first) => ordersOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest]))
}
