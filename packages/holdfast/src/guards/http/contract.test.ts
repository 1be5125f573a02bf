/**
 * The guard for HTTP under the guard contract, over real sockets.
 * @module-tag real-time
 */
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { guardCases, lostUpdates, runWorkload, tokensGoneBack } from '../../testing/guard-contract.ts'
import { systemClock } from '../../time/clock.ts'
import { processMarks } from './index.ts'
import { checkThenHandle, registerOver } from './register.fixture.ts'

// A handler is reached by requests alone, so there are no hooks inside of its work.
const cases = guardCases.filter(({ needs }) => needs !== 'transaction')

describe('the guard contract over HTTP', () => {
  for (const { name, run } of cases) {
    it(name, () => run(async (clock) => await registerOver('node:http', processMarks({ clock }), clock)))
  }
})

const clock = { ...systemClock, wallMs: () => 2 ** 50 }

test('a check before the handler loses updates, although every holder enters; a check across the handler loses none', async () => {
  const worked = async (marks: ReturnType<typeof processMarks>) => {
    const resource = await registerOver('node:http', marks, clock)
    onTestFinished(async () => await resource.close())
    return await runWorkload(resource, { entering: true, holders: 2, grants: 100 })
  }
  const early = await worked(checkThenHandle(processMarks({ clock })) as ReturnType<typeof processMarks>)
  expect(lostUpdates(early.commits)).toBeGreaterThan(0)
  const held = await worked(processMarks({ clock }))
  expect([lostUpdates(held.commits), tokensGoneBack(held.commits)]).toEqual([0, 0])
  expect(held.commits).toHaveLength(held.accepted)
  expect(held.accepted).toBeGreaterThan(0)
  expect(held.refused).toBeGreaterThan(0)
})
