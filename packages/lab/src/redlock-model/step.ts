/** What a move does to a state. Which part of `stores/redlock` each one stands for is said in docs/redlock-model.md. */
import type { Move } from './moves.ts'
import { broken, type Property } from './properties.ts'
import { neededBy } from './majority.ts'
import type { Rule } from './rule.ts'
import { at, phases, type Shape, stages, type State } from './shape.ts'
import { largest } from './tokens.ts'

/** Changes the state; answers which property is broken by that. */
export function step(shape: Shape, rule: Rule, state: State, move: Move): Property | undefined {
  const { attempt, node, token } = move
  switch (move.kind) {
    case 'begin':
      begin(shape, rule, state, attempt)
      return undefined
    case 'accept':
      if (at(state, shape.pending(node, attempt)) === 0) state[shape.resends] = at(state, shape.resends) + 1
      state[shape.pending(node, attempt)] = 0
      state[shape.token(node)] = token
      state[shape.owner(node)] = attempt + 1
      if (at(state, shape.phase(attempt)) === phases.asking) state[shape.answer(node, attempt)] = token
      return undefined
    case 'raise': {
      const raised = Math.max(at(state, shape.token(node)), token)
      state[shape.token(node)] = raised
      if (at(state, shape.phase(attempt)) === phases.asking) state[shape.answer(node, attempt)] = raised
      return undefined
    }
    case 'hear':
      return hear(shape, rule, state, move)
    case 'wipe':
      state[shape.wipes] = at(state, shape.wipes) + 1
      state[shape.away(node)] = 1
      state[shape.owner(node)] = 0
      // What is left of it while it is away is how far its clock will be when it is back.
      if (rule.rejoin !== 'clock') state[shape.token(node)] = 0
      return undefined
    case 'rejoin':
      rejoin(shape, rule, state, move)
      return undefined
    case 'leave':
      state[shape.stage(node)] = stages.between
      return undefined
    case 'wait':
      wait(shape, rule, state)
      return undefined
    case 'join':
      state[shape.stage(node)] = stages.new
      return undefined
  }
}

/** For as long as a quarantine: the clock of every node has passed every token of before. */
function wait(shape: Shape, rule: Rule, state: State): void {
  state[shape.hasWaited] = 1
  if (!rule.change.waits) return
  const passed = largest(shape, state)
  for (let node = 0; node < shape.nodes; node += 1) state[shape.token(node)] = passed
}

/** The last attempt of the client is given up, whatever became of it, unless it was granted. */
function begin(shape: Shape, rule: Rule, state: State, attempt: number): void {
  const last = attempt - 1
  const isAgain = attempt % shape.bounds.attempts > 0 && at(state, shape.phase(last)) === phases.asking
  if (isAgain) state[shape.phase(last)] = phases.givenUp
  state[shape.phase(attempt)] = phases.asking
  for (let other = 0; other < shape.attempts; other += 1) {
    const floor = at(state, shape.floor(attempt))
    state[shape.floor(attempt)] = Math.max(floor, at(state, shape.granted(other)))
  }
  for (let node = 0; node < shape.nodes; node += 1) {
    if (shape.isListed(node, attempt)) state[shape.pending(node, attempt)] = 1
    if (!isAgain || rule.freshVoteIds) continue
    // Under the same id a message of before cannot be told from a new one.
    state[shape.answer(node, attempt)] = at(state, shape.answer(node, last))
    state[shape.pending(node, last)] = 0
  }
}

function hear(shape: Shape, rule: Rule, state: State, { attempt, node }: Move): Property | undefined {
  state[shape.heard(node, attempt)] = at(state, shape.answer(node, attempt))
  state[shape.answer(node, attempt)] = 0
  const votes: number[] = []
  for (let each = 0; each < shape.nodes; each += 1) {
    const vote = at(state, shape.heard(each, attempt))
    if (vote > 0) votes.push(vote)
  }
  const token = rule.verdict(votes, neededBy(shape, rule, attempt))
  if (token === 0) return undefined
  const property = broken(shape, state, attempt, token)
  state[shape.phase(attempt)] = phases.granted
  state[shape.granted(attempt)] = token
  return property
}

function rejoin(shape: Shape, { rejoin }: Rule, state: State, { node, token }: Move): void {
  state[shape.away(node)] = 0
  state[shape.token(node)] = token
  if (rejoin !== 'wait' && rejoin !== 'wait-and-read') return
  for (let attempt = 0; attempt < shape.attempts; attempt += 1) {
    const hasVoteOfBefore = at(state, shape.pending(node, attempt)) === 0
    const isAsking = at(state, shape.phase(attempt)) === phases.asking
    if (isAsking && hasVoteOfBefore) state[shape.phase(attempt)] = phases.givenUp
  }
}
