/**
 * The Lua and the pure transition of core, side by side on the same random operations and the same moments: every
 * answer, every token, everybody who is told and the whole line must be equal. The scripts run with a clock that the
 * test sets.
 */
import fc from 'fast-check'
import { afterAll, beforeEach, expect, test } from 'vitest'
import * as server from '../../../../lab/src/engines/redis/server.ts'
import { requireEngine } from '../../../../lab/src/engines/require-engine.ts'
import { anyOperation, deadInTheMiddle } from './operations.fixture.ts'
import { Stage } from './redis.fixture.ts'
import { TimedServer } from './timed-server.fixture.ts'
import { Twins } from './twins.fixture.ts'

/** Each happens at least so often, or the run proves nothing about it. Usual are four times as many and more. */
const SEEN_MIN: Readonly<Record<string, number>> = {
  held: 400,
  queued: 180,
  left: 40,
  evicted: 15,
  gone: 400,
  'a lock-delay began': 8,
  'an observer was told': 180,
  'both lines in one batch': 60,
  'gone, and why': 15,
  'held for a moment': 8,
  lingering: 150,
  observed: 40,
  'observed again': 30,
  'refused, busy': 40,
  'refused, capacity': 60,
  'several enter together': 60,
  'several leave together': 30,
  'several renew together': 30,
  'something was over': 80,
  'taken alone': 80,
  'taken alone, observed': 20,
  'the clock was set back': 15,
  'told gone': 15,
  'told head': 5,
  'told held': 20,
  'two capacities': 10,
  'without weight': 130,
}

const stage = new Stage()
let timed: TimedServer

beforeEach(async (context) => {
  await requireEngine(context, server)
  timed = await TimedServer.start(stage)
})
afterAll(() => stage[Symbol.asyncDispose]())

test(
  'random operations get the answers, tell those and leave the line that the transition of core says',
  { timeout: 120_000 },
  async () => {
    const seen = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyOperation, { minLength: 20, maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        async (operations, capacity) => {
          const twins = new Twins(timed, capacity, seen)
          for (const each of operations) await twins.carryOut(each)
        },
      ),
      { numRuns: 200, examples: [[[...deadInTheMiddle], 1]] },
    )
    const rare = Object.entries(SEEN_MIN).filter(([what, least]) => (seen.get(what) ?? 0) < least)
    expect(rare.map(([what]) => [what, seen.get(what) ?? 0])).toEqual([])
  },
)
