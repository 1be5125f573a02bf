/**
 * Every Redis suite runs, on a real server, and measures what it says: a benchmark that is never run rots.
 * @module-tag real-time
 */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { benchQuickly, type Report } from '../quick.fixture.ts'

const SUITES = [
  'redis-pair',
  'redis-fresh',
  'redis-acquire-all',
  'redis-hand-off',
  'redis-crowd',
  'redis-renewal',
  'redis-crash',
  'redis-lost-reply',
  'redis-names',
  'redis-telemetry',
  'redlock',
]
const WITHIN_MS = 240_000

let report: Report | undefined

beforeAll(async () => {
  const found = await server.locate().catch(() => undefined)
  if (found !== undefined) report = await benchQuickly(...SUITES)
}, WITHIN_MS)
beforeEach(async (context) => {
  await requireEngine(context, server)
})

test.each(SUITES)('%s measures everything it names', (name) => {
  const figures = report?.suites.find((suite) => suite.name === name)?.figures ?? []
  expect(figures.length).toBeGreaterThan(0)
  expect(figures.filter(({ value }) => value === null).map(({ what }) => what)).toEqual([])
})

/** What does not depend on how fast the machine is, nor on how few turns there were. */
const CERTAIN =
  /commands sent|keys left|holdfast: commands$|overlaps|served$|out of order|alive at the end|the shortest after/

test('what does not depend on the speed of the machine is met', () => {
  const targeted = report?.suites.flatMap(({ figures }) => figures).filter(({ met }) => met !== undefined) ?? []
  const certain = targeted.filter(({ what }) => CERTAIN.test(what))
  expect(certain.length).toBeGreaterThan(10)
  expect(certain.filter(({ met }) => met !== true)).toEqual([])
})
