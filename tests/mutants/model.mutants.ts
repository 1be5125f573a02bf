/** Damages to the model of Redlock's token rule: to its steps, its properties and its search. */
import type { Check, Mutant } from './mutant.ts'

const explored = (named: string): Check => ({ tests: ['packages/lab/src/redlock-model/model.test.ts'], named })
const oursHolds: Check = explored('"ours" holds with 3 nodes, 2 clients, 2 attempts, 0 wipes, any token')
const theRest: Check = { tests: ['packages/lab/src/redlock-model/state.test.ts'] }

type Damage = Omit<Mutant, 'name'>

const damage = (file: string, find: string, replace: string, caughtBy: Check): Damage => {
  return { file: `packages/lab/src/redlock-model/${file}`, find, replace, caughtBy }
}

const damages: Readonly<Record<string, Damage>> = {
  'the model never checks R': damage(
    'properties.ts',
    "return token <= at(state, shape.floor(attempt)) ? 'R' : undefined",
    'return undefined',
    explored('"same vote id"'),
  ),
  'the model never checks U': damage(
    'properties.ts',
    "if (isGranted && at(state, shape.granted(other)) === token) return 'U'",
    '',
    explored('"naive max"'),
  ),
  'the model forgets what was granted before an attempt began': damage(
    'step.ts',
    'state[shape.floor(attempt)] = Math.max(floor, at(state, shape.granted(other)))',
    'state[shape.floor(attempt)] = floor',
    explored('"same vote id"'),
  ),
  'in the model a raise lowers': damage(
    'step.ts',
    'const raised = Math.max(at(state, shape.token(node)), token)',
    'const raised = token',
    { tests: ['packages/lab/src/redlock-model/steps.test.ts'] },
  ),
  'in the model a node repeats its last token': damage(
    'moves.ts',
    'for (let token = last + 1; token <= end; token += 1)',
    'for (let token = Math.max(1, last); token <= end; token += 1)',
    oursHolds,
  ),
  'in the model a node keeps the first vote for good': damage(
    'step.ts',
    'state[shape.owner(node)] = attempt + 1',
    'state[shape.owner(node)] = at(state, shape.owner(node)) === 0 ? attempt + 1 : at(state, shape.owner(node))',
    oursHolds,
  ),
  'in the model half of the nodes are a majority': damage(
    'rule.ts',
    'return Math.floor(nodes / 2) + 1',
    'return Math.floor(nodes / 2)',
    oursHolds,
  ),
  'in the model every vote counts for the highest': damage(
    'rule.ts',
    'votes.filter((vote) => vote === top)',
    'votes.filter((vote) => vote > 0)',
    oursHolds,
  ),
  'in the model attempts outlast the wait of a node that returns': damage(
    'step.ts',
    'if (isAsking && hasVoteOfBefore)',
    'if (isAsking && hasVoteOfBefore && node > 2)',
    explored('"back after a wait and a read"'),
  ),
  'in the model the clock of a node that returns is behind its own tokens': damage(
    'step.ts',
    "if (rule.rejoin !== 'clock')",
    'if (node < 3)',
    explored('"ours" holds with 3 nodes, 2 clients, 2 attempts, 1 wipes, next token'),
  ),
  'in the model a node votes whatever list its client knows': damage(
    'moves.ts',
    'return at(state, shape.stage(node)) === stages[knows]',
    'return at(state, shape.stage(node)) >= 0',
    explored('"ours" holds with 3 to 5, 3 stay nodes, 2: old, new'),
  ),
  'in the model the wait for the old leases passes no time': damage(
    'step.ts',
    'const passed = largest(shape, state)',
    'const passed = at(state, shape.token(0))',
    explored('"ours" holds with 3 to 3, 2 stay nodes, 2: old, new'),
  ),
  'in the model nodes of other lists are alike': damage(
    'shape.ts',
    'return change === undefined ? [0, this.nodes] : [0, change.kept, change.kept + change.removed, this.nodes]',
    'return [0, this.nodes]',
    theRest,
  ),
  'in the model nothing is sent twice': damage(
    'moves.ts',
    'pending(node, attempt)) === 1 || mayBeSentAgain',
    'pending(node, attempt)) === 1',
    explored('sent twice'),
  ),
  'the model forgets the raises of an attempt that may get a second vote': damage(
    'tidy.ts',
    'mayRaise || mayVoteAgain',
    'mayRaise',
    explored('sent twice'),
  ),
  'the model takes rivals for their like and forgets their votes': damage(
    'tidy.ts',
    'if (phase !== phases.granted && phase !== phases.givenUp) continue',
    'if (phase === phases.notBegun) continue',
    explored('"naive max"'),
  ),
  'the model drops states that it has not seen': damage(
    'state-set.ts',
    'const [high, low] = hashOf(key)',
    'const [high, low] = hashOf(key).map((hash) => hash & 255) as [number, number]',
    theRest,
  ),
  'the model forgets half of what it has seen when the set grows': damage(
    'state-set.ts',
    'if (a !== 0 || b !== 0) this.#insert(a, b)',
    'if (a > b) this.#insert(a, b)',
    theRest,
  ),
  'the model does not know a node by another name': damage(
    'symmetry.ts',
    'this.#sortColumns()\n      if',
    'if',
    theRest,
  ),
  'the model does not know a client by another name': damage(
    'symmetry.ts',
    'turned[shape.owner(node)] = place + 1',
    'turned[shape.owner(node)] = attempt + 1',
    theRest,
  ),
  'the model takes two tokens for one': damage(
    'tokens.ts',
    'rankOf[value] = next += 2',
    'rankOf[value] = next = Math.min(next + 2, 6)',
    theRest,
  ),
  'the model calls a search complete that was stopped': damage(
    'explorer.ts',
    "return result({ stoppedBy: 'states' })",
    'return result({})',
    { tests: ['packages/lab/src/redlock-model/model.test.ts'], named: 'says that it is not complete' },
  ),
  'the model looks only at the first move of each state': damage(
    'explorer.ts',
    'log.push(number, codeOf(move))',
    'log.push(number, codeOf(move))\n      break',
    explored('"naive max"'),
  ),
  'the trace numbers tokens afresh in every line': damage(
    'trace.ts',
    'values = ranked(tokensOf(shape, state), values)',
    '',
    {
      tests: ['packages/lab/src/redlock-model/trace.test.ts'],
    },
  ),
}

export const modelMutants: readonly Mutant[] = Object.entries(damages).map(([name, damage]) => ({ name, ...damage }))
