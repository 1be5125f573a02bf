/**
 * All lock cases in all dresses on all stores: a combination that was forgotten fails.
 * @module-tag real-time
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { dresses, lockConformance, runLockCase } from '../testing/index.ts'
import { absent, benches } from './benches.fixture.ts'

/** Files of `recipes/` that are not a lock of one name, and why. */
const notALock: Readonly<Record<string, string>> = {
  lock: 'the verbs that all recipes share',
  several: 'a set of mutexes, each tested as one',
  locks: 'the verbs of a client, as one interface',
  duty: 'a work under a lease, tested with the recipes that have one',
  tenure: 'a hold of a recipe, tested with the recipes that have one',
  'safety-notice': 'a warning, tested with the election',
  'http-answer': 'what a web application answers for an error',
  'recipe-name': 'names',
  'unlimited-wait': 'a wait of recipes, tested with them',
  election: 'holds one mutex, and has tests of its own on every store',
  'current-run': 'the context of a run, tested with the cron',
  ledger: 'what recipes ask of a ledger, tested with them',
  tick: 'one run of one tick, tested with the cron',
  'tick-list': 'which ticks have begun, tested with the cron',
  timetable: 'when ticks are due, tested with the cron',
  'key-book': 'what is written down about a key, tested with the once-only work',
  early: 'when a value is computed before it is old, tested with the single flight',
  'recent-failures': 'errors, tested with the single flight',
  'rate-limit': 'holds permits, and has tests of its own on every store',
  'whole-number': 'a count in an option',
  'single-flight': 'holds one mutex a key, and has tests of its own on every store',
  slots: 'a mutex for each number, with tests of their own on every store',
  'hand-over': 'a lease from one process to another, with tests of its own on every store',
  members: 'claims without weight, with tests of their own on every store',
  assignment: 'who gets which partition, tested with the partitions',
  share: 'the partitions of one member, tested with the partitions',
  partitions: 'a mutex for each partition, with tests of their own on every store',
  once: 'holds one mutex a key, and has tests of its own on every store',
  cron: 'holds one mutex a tick, and has tests of its own on every store',
}

const recipes = readdirSync(fileURLToPath(new URL('../recipes', import.meta.url)))
  .filter((file) => !/\.(?:test|fixture)\.ts$/.test(file))
  .map((file) => file.replace('.ts', ''))

test('every recipe has a dress, or a reason why it has none', () => {
  const dressed = dresses.map(({ recipe }) => recipe)
  expect([...new Set<string>([...dressed, ...Object.keys(notALock)])].toSorted()).toEqual(recipes.toSorted())
})

test('every lock case has a name of its own', () => {
  expect(new Set(lockConformance.map(({ name }) => name)).size).toBe(lockConformance.length)
})

for (const [engine, reason] of Object.entries(absent)) test(engine, ({ skip }) => skip(reason))

for (const bench of Object.values(benches).flat()) {
  const exceptions: string[] = []
  for (const dress of dresses) {
    describe(`${dress.name} on ${bench.name}`, { concurrent: bench.time === 'real', timeout: 60_000 }, () => {
      test.each(lockConformance)('$name', async (lockCase) => {
        const reason = await runLockCase(lockCase, dress, bench)
        if (reason !== undefined) exceptions.push(`  ${dress.name}: ${lockCase.name}\n    because ${reason}`)
      })
    })
  }
  afterAll(() => {
    const combinations = dresses.length * lockConformance.length
    process.stdout.write(
      `${bench.name}: ${combinations - exceptions.length} lock cases in ${dresses.length} dresses, ` +
        `${exceptions.length} exceptions\n${exceptions.join('\n')}\n`,
    )
  })
}
