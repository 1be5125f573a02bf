/**
 * What a state of the model is, and where in its bytes it stands: first the attempts, then a column for each node with
 * everything that concerns that node. So nodes are exchanged by exchanging columns.
 */

/** How much of the world is explored. */
export interface Bounds {
  readonly nodes: number
  readonly clients: number
  /** How often each client may ask, one attempt after the other. */
  readonly attempts: number
  /** How often all of them together may ask. */
  readonly asks: number
  /** How often a node may lose its data. */
  readonly wipes: number
  /** How often an ACCEPT may arrive once more, because a driver sent it twice. */
  readonly resends: number
}

export const phases = { notBegun: 0, asking: 1, granted: 2, givenUp: 3 } as const

/** One state, `Shape.bytes` long. Tokens are numbers from 1; 0 is none. */
export type State = Uint8Array

const HEADER = 2
const PER_ATTEMPT = 3
const PER_NODE = 3

export class Shape {
  readonly bounds: Bounds
  readonly nodes: number
  /** Attempts of all clients; those of client 0 come first. */
  readonly attempts: number
  readonly majority: number
  readonly bytes: number
  readonly columnsAt: number
  readonly columnBytes: number
  /** The places of all bytes that hold a token. */
  readonly tokens: readonly number[]

  constructor(bounds: Bounds) {
    this.bounds = bounds
    this.nodes = bounds.nodes
    this.attempts = bounds.clients * bounds.attempts
    this.majority = Math.floor(bounds.nodes / 2) + 1
    this.columnsAt = HEADER + PER_ATTEMPT * this.attempts
    this.columnBytes = PER_NODE + 3 * this.attempts
    this.bytes = this.columnsAt + this.nodes * this.columnBytes
    const attempts = Array.from({ length: this.attempts }, (_, attempt) => attempt)
    const nodes = Array.from({ length: this.nodes }, (_, node) => node)
    this.tokens = [
      ...attempts.flatMap((attempt) => [this.granted(attempt), this.floor(attempt)]),
      ...nodes.flatMap((node) => [
        this.token(node),
        ...attempts.flatMap((attempt) => [this.answer(node, attempt), this.heard(node, attempt)]),
      ]),
    ]
  }

  readonly wipes: number = 0
  readonly resends: number = 1

  phase(attempt: number): number {
    return HEADER + PER_ATTEMPT * attempt
  }

  /** The token that the attempt was granted. */
  granted(attempt: number): number {
    return HEADER + PER_ATTEMPT * attempt + 1
  }

  /** The largest token that had been granted when the attempt began: its own must be larger. */
  floor(attempt: number): number {
    return HEADER + PER_ATTEMPT * attempt + 2
  }

  /** The highest token this node has voted for: `t` of the record. */
  token(node: number): number {
    return this.columnsAt + node * this.columnBytes
  }

  /** Whose vote the node keeps, as attempt + 1. */
  owner(node: number): number {
    return this.columnsAt + node * this.columnBytes + 1
  }

  /** 1 while the node has lost its data and does not vote. */
  away(node: number): number {
    return this.columnsAt + node * this.columnBytes + 2
  }

  /** 1 while the ACCEPT of this attempt has not arrived at the node. */
  pending(node: number, attempt: number): number {
    return this.columnsAt + node * this.columnBytes + PER_NODE + 3 * attempt
  }

  /** The node's answer on its way. A later one overtakes it: an answer below what was asked for afterwards decides nothing. */
  answer(node: number, attempt: number): number {
    return this.pending(node, attempt) + 1
  }

  /** The vote of the node, as the client knows it. */
  heard(node: number, attempt: number): number {
    return this.pending(node, attempt) + 2
  }

  clientOf(attempt: number): number {
    return Math.floor(attempt / this.bounds.attempts)
  }

  initial(): State {
    return new Uint8Array(this.bytes)
  }
}

/** A byte of a state. */
export function at(state: State, place: number): number {
  return state[place] ?? 0
}
