/**
 * Every Redis suite runs, on a real server, and measures what it says: a benchmark that is never run rots.
 * @module-tag real-time
 */
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import * as server from '@holdfast/testbed/engines/redis/server'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const SUITES = [
  'redis-pair',
  'redis-hand-off',
  'redis-crowd',
  'redis-renewal',
  'redis-crash',
  'redis-lost-reply',
  'redis-names',
  'redlock',
]
const WITHIN_MS = 240_000

interface Report {
  readonly suites: readonly {
    readonly name: string
    readonly figures: readonly { readonly what: string; readonly value: number | null; readonly met?: boolean }[]
  }[]
}

let report: Report | undefined

async function bench(...args: readonly string[]): Promise<Report> {
  const child = spawn(process.execPath, [MAIN, ...args, '--quick', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  return JSON.parse(output) as Report
}

beforeAll(async () => {
  const found = await server.locate().catch(() => undefined)
  if (found !== undefined) report = await bench(...SUITES)
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
const CERTAIN = /commands sent|holdfast: commands$|overlaps|served$|out of order|alive at the end|the shortest after/

test('what does not depend on the speed of the machine is met', () => {
  const targeted = report?.suites.flatMap(({ figures }) => figures).filter(({ met }) => met !== undefined) ?? []
  const certain = targeted.filter(({ what }) => CERTAIN.test(what))
  expect(certain.length).toBeGreaterThan(10)
  expect(certain.filter(({ met }) => met !== true)).toEqual([])
})
