import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { releasePort, reservePort } from '@holdfast/testbed/engines/ports'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { RespConnection } from '@holdfast/testbed/engines/redis/resp'
import * as server from '@holdfast/testbed/engines/redis/server'
import { bySlot, slotOf } from './slots.ts'

beforeEach(async (context) => {
  await requireEngine(context, server)
})

test('a key is in the slot that a real server says', async () => {
  const busPort = await reservePort()
  onTestFinished(() => releasePort(busPort))
  await using engine = await server.start({ config: { 'cluster-enabled': 'yes', 'cluster-port': String(busPort) } })
  await using connection = await RespConnection.open(engine.url)
  const keys = [
    '',
    'a',
    'foo',
    '123456789',
    'holdfast:{shop!seat}:ends',
    '{}x',
    '{}{x}',
    'a}b{c}d',
    '{a{b}c}',
    'ключ',
    '锁{é}',
    '{',
    '}{',
    'x{y',
  ]
  for (let index = 0; index < 300; index += 1) keys.push(`holdfast:{shop!seat-${index * 7919}}:c:${index}`)
  for (const key of keys) expect([key, slotOf(key)]).toEqual([key, await connection.command('CLUSTER', 'KEYSLOT', key)])
})

test('keys are grouped by slot, in the order in which they came', () => {
  const groups = bySlot(['b{1}', 'a{2}', 'a{1}', 'b{2}'], (key) => key)
  expect(groups).toEqual([
    ['b{1}', 'a{1}'],
    ['a{2}', 'b{2}'],
  ])
})
