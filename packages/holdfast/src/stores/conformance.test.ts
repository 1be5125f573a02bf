/**
 * All cases on all stores. A folder of a store that has no row here fails, and every exception is printed with its reason.
 * @module-tag real-time
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { conformance, runCase } from '../testing/index.ts'
import { absent, benches } from './benches.fixture.ts'

/** What several stores share; no store of its own. */
const SHARED: ReadonlySet<string> = new Set([
  'addresses',
  'dynamodb-driver',
  'etcd-driver',
  'http-driver',
  'mysql-driver',
  'kubernetes-driver',
  'nats-driver',
  'postgres-driver',
  'redis-driver',
  'sessions',
  'sql',
  'zookeeper-driver',
])

/** Needs a server, which is a package of its own: packages/server/src/seam-conformance.test.ts. */
const ELSEWHERE = 'http'

const folders = readdirSync(fileURLToPath(new URL('.', import.meta.url)), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !SHARED.has(entry.name) && entry.name !== ELSEWHERE)
  .map((entry) => entry.name)

test('every store is in the table, and nothing else is', () => {
  expect(Object.keys(benches).toSorted()).toEqual(folders.toSorted())
})

test('every case has a name of its own, and every declared exception is one of them', () => {
  const names = conformance.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { exceptions = {} } of Object.values(benches).flat()) {
    for (const [name, reason] of Object.entries(exceptions)) {
      expect(names).toContain(name)
      expect(reason.length).toBeGreaterThan(10)
    }
  }
})

for (const [engine, reason] of Object.entries(absent)) test(engine, ({ skip }) => skip(reason))

for (const bench of Object.values(benches).flat()) {
  const exceptions: string[] = []
  // Real time is spent waiting, so those cases wait together.
  describe(bench.name, { concurrent: bench.time === 'real', timeout: 60_000 }, () => {
    for (const each of conformance) {
      test(`${each.rule}: ${each.name}`, async () => {
        const reason = await runCase(each, bench)
        if (reason !== undefined) exceptions.push(`  ${each.rule}: ${each.name}\n    because ${reason}`)
      })
    }
    afterAll(() => {
      const applied = conformance.length - exceptions.length
      process.stdout.write(
        `${bench.name}: ${applied} cases, ${exceptions.length} exceptions\n${exceptions.join('\n')}\n`,
      )
    })
  })
}
