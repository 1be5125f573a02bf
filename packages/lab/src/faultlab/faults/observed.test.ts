/**
 * The lab on stores that compare no clocks, on every change: connections are cut and the server is killed, and comes back.
 * @module-tag real-time
 */
import { afterAll, expect, test } from 'vitest'
import * as dynamodb from '@holdfast/testbed/engines/dynamodb/driver'
import * as nats from '@holdfast/testbed/engines/nats/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { LIMIT_MS, Runs } from '../live.fixture.ts'

const runs = new Runs()
afterAll(() => runs.close())

test.for([
  ['nats', nats],
  ['dynamodb', dynamodb],
] as const)('a run of Holdfast on %s of its own finds no violation', { timeout: LIMIT_MS }, async (ground, context) => {
  const [scheme, driver] = ground
  await requireEngine(context, driver)
  const args = ['--store', `${scheme}:`, '--for', '4s', '--workers', '3', '--faults', 'cut,kill-server']
  const { code, told } = await runs.judged(scheme, ...args)
  promised(() => expect(told.violations).toEqual([]))
  expect({ code, result: told.result, excused: told.excused }).toEqual({ code: 0, result: 'held', excused: [] })
})
