/** What may happen next. Every message may arrive at any time or never, and so may every answer. */
import { neededBy } from './majority.ts'
import type { Rule } from './rule.ts'
import { at, phases, type Shape, stages, type State } from './shape.ts'
import { largest } from './tokens.ts'

/** `token` is what a node votes, raises to, or comes back with. */
export interface Move {
  readonly kind: Kind
  readonly attempt: number
  readonly node: number
  readonly token: number
}

export const kinds = ['begin', 'accept', 'raise', 'hear', 'wipe', 'rejoin', 'leave', 'wait', 'join'] as const
export type Kind = (typeof kinds)[number]

const none = { attempt: 0, node: 0, token: 0 } as const

/**
 * There is no step in which a vote ends at its node, by expiry, by RELEASE or by an operator, because all that an attempt
 * can see of it is that the node accepts another one: so a node accepts any attempt, and may have ended the last vote
 * a moment before. This allows every order of a RELEASE and the next ACCEPT, that of one connection and all others.
 */
export function movesOf(shape: Shape, rule: Rule, state: State): Move[] {
  const moves: Move[] = []
  begins(shape, state, moves)
  for (let attempt = 0; attempt < shape.attempts; attempt += 1) {
    if (at(state, shape.phase(attempt)) === phases.notBegun) continue
    const targets = rule.raises ? targetsOf(shape, rule, state, attempt) : []
    for (let node = 0; node < shape.nodes; node += 1) {
      if (mayArrive(shape, state, attempt, node)) accepts(shape, rule, state, attempt, node, moves)
      if (at(state, shape.answer(node, attempt)) > 0) moves.push({ ...none, kind: 'hear', attempt, node })
      for (const token of targets) {
        if (mayRaise(shape, rule, state, { attempt, node, token })) moves.push({ kind: 'raise', attempt, node, token })
      }
    }
  }
  losses(shape, rule, state, moves)
  if (shape.bounds.change !== undefined) changes(shape, rule, state, moves)
  return moves
}

/** A client asks again whenever it likes, also without an answer. */
function begins(shape: Shape, state: State, moves: Move[]): void {
  const ready: number[] = []
  let begun = 0
  for (let attempt = 0; attempt < shape.attempts; attempt += 1) {
    if (at(state, shape.phase(attempt)) !== phases.notBegun) begun += 1
    else if (attempt % shape.bounds.attempts === 0 || at(state, shape.phase(attempt - 1)) !== phases.notBegun)
      ready.push(attempt)
  }
  if (begun >= shape.bounds.asks) return
  for (const attempt of ready) moves.push({ ...none, kind: 'begin', attempt })
}

/** Nodes leave the old list one by one; then comes a wait; then they come under the new one, one by one. */
function changes(shape: Shape, rule: Rule, state: State, moves: Move[]): void {
  const hasWaited = at(state, shape.hasWaited) === 1
  let old = 0
  let left = 0
  for (let node = 0; node < shape.nodes; node += 1) {
    const stage = at(state, shape.stage(node))
    if (shape.isOld(node)) old += 1
    if (shape.isOld(node) && stage !== stages.old) left += 1
    if (stage === stages.old) moves.push({ ...none, kind: 'leave', node })
    if (stage === stages.between && hasWaited) moves.push({ ...none, kind: 'join', node })
  }
  if (!hasWaited && left >= rule.change.leave(old)) moves.push({ ...none, kind: 'wait' })
}

/** Whether the node is under a list that the client of the attempt knows. */
function votesFor(shape: Shape, rule: Rule, state: State, attempt: number, node: number): boolean {
  const knows = shape.knows(attempt)
  if (knows === undefined || knows === 'both' || !rule.change.compares) return true
  return at(state, shape.stage(node)) === stages[knows]
}

/** Once, or once more: the vote of before may have ended meanwhile, so it may be another one under the same id. */
function mayArrive(shape: Shape, state: State, attempt: number, node: number): boolean {
  const mayBeSentAgain = at(state, shape.resends) < shape.bounds.resends && shape.isListed(node, attempt)
  return at(state, shape.pending(node, attempt)) === 1 || mayBeSentAgain
}

function accepts(shape: Shape, rule: Rule, state: State, attempt: number, node: number, moves: Move[]): void {
  if (at(state, shape.away(node)) === 1 || !votesFor(shape, rule, state, attempt, node)) return
  const last = at(state, shape.token(node))
  const end = rule.votes === 'next' ? last + 1 : largest(shape, state) + 1
  for (let token = last + 1; token <= end; token += 1) moves.push({ kind: 'accept', attempt, node, token })
}

/**
 * What an attempt may have asked nodes to raise their votes to: the highest it knew once it had enough votes, and by
 * RENEW what it was granted. Which of its votes it knew first is not kept, so any of them may have been the highest.
 */
function targetsOf(shape: Shape, rule: Rule, state: State, attempt: number): readonly number[] {
  const targets = new Set<number>()
  let heard = 0
  for (let node = 0; node < shape.nodes; node += 1) {
    const vote = at(state, shape.heard(node, attempt))
    if (vote === 0) continue
    heard += 1
    targets.add(vote)
  }
  if (heard < neededBy(shape, rule, attempt)) targets.clear()
  if (at(state, shape.phase(attempt)) === phases.granted) targets.add(at(state, shape.granted(attempt)))
  return [...targets]
}

/** A raise that is refused is no step: it is as if it never came, because only the highest votes make a grant. */
function mayRaise(
  shape: Shape,
  rule: Rule,
  state: State,
  { attempt, node, token }: Pick<Move, 'attempt' | 'node' | 'token'>,
): boolean {
  if (at(state, shape.away(node)) === 1) return false
  const owner = at(state, shape.owner(node))
  if (rule.checksOwner && (owner === 0 || voteIdOf(shape, rule, owner - 1) !== voteIdOf(shape, rule, attempt)))
    return false
  const isGranted = at(state, shape.phase(attempt)) === phases.granted
  const heard = at(state, shape.heard(node, attempt))
  return isGranted || (heard > 0 && heard < token)
}

function voteIdOf(shape: Shape, rule: Rule, attempt: number): number {
  return rule.freshVoteIds ? attempt : shape.clientOf(attempt)
}

function losses(shape: Shape, rule: Rule, state: State, moves: Move[]): void {
  let away = 0
  for (let node = 0; node < shape.nodes; node += 1) away += at(state, shape.away(node))
  const mayLose = at(state, shape.wipes) < shape.bounds.wipes && away < shape.nodes - shape.majority
  for (let node = 0; node < shape.nodes; node += 1) {
    if (at(state, shape.away(node)) === 1) {
      for (const token of returns(shape, rule, state, node)) moves.push({ ...none, kind: 'rejoin', node, token })
    } else if (mayLose && at(state, shape.token(node)) > 0) {
      moves.push({ ...none, kind: 'wipe', node })
    }
  }
}

/** From what token on a node may vote when it is back. */
function returns(shape: Shape, rule: Rule, state: State, node: number): readonly number[] {
  switch (rule.rejoin) {
    case 'clock':
      return [at(state, shape.token(node))]
    case 'at-once':
    case 'wait':
      return [0]
    case 'read':
    case 'wait-and-read': {
      const others: number[] = []
      for (let other = 0; other < shape.nodes; other += 1) {
        if (other !== node && at(state, shape.away(other)) === 0) others.push(at(state, shape.token(other)))
      }
      // The highest of any so many of them.
      const read = shape.nodes - shape.majority + 1
      return [...new Set(others.toSorted((one, other) => one - other).slice(read - 1))]
    }
  }
}
