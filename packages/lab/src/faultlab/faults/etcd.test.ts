/**
 * The lab on a store of several members, on every change: an etcd whose members are killed, frozen and cut off from each other.
 * @module-tag real-time
 */
import { afterAll, expect, test } from 'vitest'
import * as etcd from '@holdfast/testbed/engines/etcd/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { LIMIT_MS, Runs } from '../live.fixture.ts'

const runs = new Runs()
afterAll(() => runs.close())

test('a run of Holdfast on an etcd of its own finds no violation', { timeout: LIMIT_MS }, async (context) => {
  await requireEngine(context, etcd)
  const args = ['--store', 'etcd:', '--for', '10s', '--workers', '4', '--faults', 'pause,cut,kill-server,split']
  const { code, told } = await runs.judged('etcd', ...args)
  promised(() => expect(told.violations).toEqual([]))
  expect({ code, result: told.result, excused: told.excused }).toEqual({ code: 0, result: 'held', excused: [] })
})
