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
  /** The list of servers is changed meanwhile. @default it stays */
  readonly change?: ListChange
}

/** Nodes of both lists, of the old one alone and of the new one alone, which are numbered in this order. */
export interface ListChange {
  readonly kept: number
  readonly removed: number
  readonly added: number
  /** Which lists each client knows, in their order. */
  readonly clients: readonly Knows[]
}

export type Knows = 'old' | 'both' | 'new'

/** Under which list a node is: the old one, the step between the two, the new one. */
export const stages = { old: 0, between: 1, new: 2 } as const

export const phases = { notBegun: 0, asking: 1, granted: 2, givenUp: 3 } as const

/** One state, `Shape.bytes` long. Tokens are numbers from 1; 0 is none. */
export type State = Uint8Array

const HEADER = 3
const PER_ATTEMPT = 3
const PER_NODE = 4

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
  /** 1 once the nodes have been between the lists for so long that the leases of before are over. */
  readonly hasWaited: number = 2

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

  stage(node: number): number {
    return this.columnsAt + node * this.columnBytes + 3
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

  knows(attempt: number): Knows | undefined {
    return this.bounds.change?.clients[this.clientOf(attempt)]
  }

  /** Whether the client of the attempt has the node on a list. */
  isListed(node: number, attempt: number): boolean {
    const knows = this.knows(attempt)
    return knows === undefined || knows === 'both' || (knows === 'old' ? this.isOld(node) : this.isNew(node))
  }

  isOld(node: number): boolean {
    const { change } = this.bounds
    return change === undefined || node < change.kept + change.removed
  }

  isNew(node: number): boolean {
    const { change } = this.bounds
    return change === undefined || node < change.kept || node >= change.kept + change.removed
  }

  /** The first nodes of those that are on the same lists, and where the last of these end: only they can be exchanged. */
  get groups(): readonly number[] {
    const { change } = this.bounds
    return change === undefined ? [0, this.nodes] : [0, change.kept, change.kept + change.removed, this.nodes]
  }

  initial(): State {
    const state = new Uint8Array(this.bytes)
    // The client that knows both lists has put them there, and no other has asked them for anything.
    for (let node = 0; node < this.nodes; node += 1) if (!this.isOld(node)) state[this.stage(node)] = stages.between
    return state
  }
}

/** A byte of a state. */
export function at(state: State, place: number): number {
  return state[place] ?? 0
}
