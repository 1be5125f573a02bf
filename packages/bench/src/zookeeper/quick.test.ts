/**
 * The suites on ZooKeeper run, on real servers, and measure what they say.
 * @module-tag real-time
 */
import { beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/zookeeper/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { benchQuickly } from '../quick.fixture.ts'

/** Those of rivals need programs of others, and those of leases their whole time. */
const SUITES = ['zookeeper-pair', 'zookeeper-crowd']

beforeEach(async (context) => {
  await requireEngine(context, server)
})

test('every suite measures everything it names, and serves every waiter in order', { timeout: 120_000 }, async () => {
  const { suites } = await benchQuickly(...SUITES)
  expect(suites.map(({ name }) => name)).toEqual(SUITES)
  const figures = suites.flatMap((suite) => suite.figures)
  expect(figures.filter(({ value }) => value === null).map(({ what }) => what)).toEqual([])
  const certain = figures.filter(({ what }) => /overlaps|served in order/.test(what))
  expect(certain.length).toBeGreaterThan(1)
  expect(certain.filter(({ met }) => met !== true)).toEqual([])
})
