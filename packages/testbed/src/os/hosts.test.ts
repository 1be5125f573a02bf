/** @module-tag real-time */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { beforeEach, expect, test } from 'vitest'
import * as redis from '../engines/redis/driver.ts'
import { requireEngine } from '../engines/require-engine.ts'
import { locate, openHosts, type OwnNetwork } from './hosts.ts'
import { requireAbility } from './rights.ts'

let own: OwnNetwork

beforeEach(async (context) => {
  await requireEngine(context, redis)
  own = await requireAbility(context, locate)
})

function inside(): ChildProcessByStdio<null, Readable, null> {
  const [program, ...words] = own.within
  const fixture = join(import.meta.dirname, 'hosts.fixture.ts')
  return spawn(program, [...words, process.execPath, fixture], {
    env: { ...process.env, ...own.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

const machine = (): string => readFileSync('/proc/net/dev', 'utf8').replaceAll(/:.*/g, '')

test('packets are dropped both ways or one way, and the rest of the network goes on', async () => {
  const before = machine()
  const child = inside()
  const ended = once(child, 'exit')
  const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>
  const told = await Promise.race([line, ended.then(() => ['null'] as const)])
  expect(JSON.parse(told[0])).toEqual({
    addresses: ['10.77.0.1', '10.77.0.2', '10.77.0.3'],
    whole: true,
    divided: false,
    others: 'one',
    oneWay: false,
    healed: true,
  })
  await ended
  expect(machine()).toBe(before)
})

test('the machine has its own network to itself: outside nothing is opened', async () => {
  await expect(openHosts(['a'])).rejects.toThrow('network of its own')
})
