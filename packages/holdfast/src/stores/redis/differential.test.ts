/**
 * The Lua and the pure transition of core, side by side on the same random operations and the same moments: every
 * answer, every token, every message and the whole line must be equal. The scripts run with a clock that the
 * test sets.
 */
import fc from 'fast-check'
import { afterAll, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import {
  anyOperation,
  deadInTheMiddle,
  evictedTwice,
  lateAlone,
  mistakenAlone,
  observedLongAgo,
  setBack,
  twoCapacities,
} from './operations.fixture.ts'
import { Stage } from './redis.fixture.ts'
import { TimedServer } from './timed-server.fixture.ts'
import { Twins } from './twins.fixture.ts'

/** Each happens at least so often, or the run proves nothing about it. Usual are four times as many and more. */
const SEEN_MIN: Readonly<Record<string, number>> = {
  held: 220,
  queued: 99,
  left: 22,
  evicted: 8,
  gone: 220,
  'a lock-delay began': 4,
  'an observer was told': 99,
  'both lines in one batch': 33,
  'gone, and why': 8,
  'held for a moment': 4,
  lingering: 82,
  observed: 22,
  'observed again': 16,
  'refused, busy': 22,
  'refused, capacity': 33,
  'several enter together': 33,
  'several leave together': 16,
  'several renew together': 16,
  'something was over': 44,
  'taken alone': 44,
  'taken alone, observed': 11,
  'the clock was set back': 8,
  'the clock was set back by an hour': 8,
  'told gone': 8,
  'told head': 2,
  'told held': 11,
  'two capacities': 5,
  'without weight': 71,
}

/** What chance brings about too seldom. */
const byHand = [deadInTheMiddle, evictedTwice, lateAlone, mistakenAlone, observedLongAgo, setBack, twoCapacities]

const stage = new Stage()
let timed: TimedServer

beforeEach(async (context) => {
  await requireEngine(context, server)
  timed = await TimedServer.start(stage, { isNeverLate: true })
})
afterAll(() => stage[Symbol.asyncDispose]())

test(
  'random operations get the answers, tell those and leave the line that the transition of core says',
  { timeout: 240_000 },
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
      { numRuns: 120, examples: byHand.map((each) => [[...each], 1]) },
    )
    const rare = Object.entries(SEEN_MIN).filter(([what, least]) => (seen.get(what) ?? 0) < least)
    expect(rare.map(([what]) => [what, seen.get(what) ?? 0])).toEqual([])
  },
)
