/**
 * The lab on a ZooKeeper of three servers, on every change: they are killed and cut off from each other.
 * @module-tag real-time
 */
import { afterAll, expect, test } from 'vitest'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import * as zookeeper from '@holdfast/testbed/engines/zookeeper/driver'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { LIMIT_MS, Runs } from '../live.fixture.ts'

const runs = new Runs()
afterAll(() => runs.close())

test('a run of Holdfast on a ZooKeeper of its own finds no violation', { timeout: LIMIT_MS }, async (context) => {
  await requireEngine(context, zookeeper)
  const args = ['--store', 'zookeeper:', '--for', '4s', '--workers', '3', '--faults', 'kill-server,split']
  const { code, told } = await runs.judged('zookeeper', ...args)
  promised(() => expect(told.violations).toEqual([]))
  expect({ code, result: told.result, excused: told.excused }).toEqual({ code: 0, result: 'held', excused: [] })
})
