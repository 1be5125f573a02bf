import { expect, it } from 'vitest'
import { cases } from './cases.ts'
import { explore } from './explorer.ts'
import { raiseAnyVote, sameVoteId } from './rule.ts'
import { traceOf } from './trace.ts'

const ENOUGH = { states: 1_000_000, seconds: 100 }

it('a trace tells in the words of the protocol what happened, shortest way first', () => {
  const each = cases.find(({ rule }) => rule === sameVoteId)
  const violation = each && explore(each.rule, each.bounds, ENOUGH).violation
  expect(each && violation && traceOf(each.rule, each.bounds, violation)).toEqual([
    'a1 asks all nodes',
    'b1 asks all nodes',
    'node 1 votes for a1 with 1',
    'node 2 votes for a1 with 1',
    'node 1 votes for b1 with 2: the vote for a1 has ended there',
    'b1 hears 2 from node 1',
    'node 2 votes for b1 with 2: the vote for a1 has ended there',
    'b1 hears from node 2, and is granted 2',
    'a2 asks all nodes, after a1 was given up',
    'a2 hears 1 from node 1',
    'a2 hears from node 2, and is granted 1',
    'R is broken: it promises that a grant that was complete before another attempt began has the smaller token',
  ])
})

it('a trace names each token by one number, also where the search knows only their order', () => {
  const rule = { ...raiseAnyVote, votes: 'any' } as const
  const bounds = { nodes: 3, clients: 2, attempts: 1, asks: 2, wipes: 0, resends: 0 }
  const { violation } = explore(rule, bounds, ENOUGH)
  const trace = violation === undefined ? [] : traceOf(rule, bounds, violation)
  const grants = trace.flatMap((line) => /is granted (\d+)/.exec(line)?.[1] ?? [])
  expect(violation?.property).toBe('U')
  expect(grants).toHaveLength(2)
  expect(new Set(grants).size).toBe(1)
  // What was granted was voted for or raised to before.
  expect(trace.some((line) => line.startsWith('node') && line.includes(` ${grants[0]}`))).toBe(true)
})
