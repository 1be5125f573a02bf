/**
 * The page that compares names a test for each claim; that a paused holder overwrites its successor is run with the other libraries.
 *
 * @module-tag real-time
 */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { installCompetitors } from '@holdfast/testbed/competitors'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterEach, describe, expect, test } from 'vitest'
import { citedTests, missingTests } from '../support/cited-tests.ts'
import { run } from '../support/run.ts'
import { read } from '../support/tree.ts'

const SLOW_MS = 150_000
const LATE = 'written by the paused holder'
const FIRST = 'written by its successor'
const OTHERS = ['redlock 4', 'redlock 5', 'redis-semaphore', 'redlock-universal', 'verrou'] as const

const servers: Engine[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())))

const seatBehind = async (library: string): Promise<string> => {
  const server = await redisServer.start()
  servers.push(server)
  const loader = ['--import', './scripts/from-source.mjs', 'docs/compare/paused-holder.ts']
  return (await run(process.execPath, [...loader, library, server.url])).output.trim()
}

describe('a holder that was paused', { timeout: SLOW_MS }, () => {
  test('overwrites its successor with every library whose writes carry no token', async (context) => {
    await requireEngine(context, redisServer)
    const reason = await installCompetitors()
    if (reason !== undefined && process.env['CI'] !== undefined) throw new Error(reason)
    const { skip } = context
    if (reason !== undefined) skip(reason)
    const seats = await Promise.all(OTHERS.map(async (library) => [library, await seatBehind(library)]))
    expect(seats).toEqual(OTHERS.map((library) => [library, LATE]))
  })

  test('overwrites its successor with Holdfast as well, unless there is a guard', async (context) => {
    await requireEngine(context, redisServer)
    expect(await seatBehind('Holdfast without a guard')).toBe(LATE)
    expect(await seatBehind('Holdfast with its guard')).toBe(FIRST)
  })
})

test('every claim of the page that compares has a test that is there', () => {
  const page = read('docs/compare.md')
  expect(citedTests(page).length).toBeGreaterThan(10)
  expect(missingTests(page)).toEqual([])
})
