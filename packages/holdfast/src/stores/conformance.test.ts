/** All cases on all stores. A folder of a store that has no row here fails, and every exception is printed with its reason. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { type Bench, conformance, runCase } from '../testing/index.ts'
import { memory, memoryEngine } from './memory/index.ts'
import { sqlite } from './sqlite/index.ts'

const memoryBench = (time: Bench['time']): Bench => ({
  name: `memory, ${time} time`,
  time,
  async start() {
    const engine = memoryEngine()
    return { store: () => memory(engine), stop: async () => undefined }
  },
})

const sqliteBench = (time: Bench['time']): Bench => ({
  name: `sqlite, ${time} time`,
  time,
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
    return {
      store: () => sqlite({ path: join(folder, 'locks.db') }),
      stop: async () => rmSync(folder, { recursive: true }),
    }
  },
})

/** Each folder of a store, and how it is put to the test. */
const table: Readonly<Record<string, readonly Bench[]>> = {
  memory: [memoryBench('virtual'), memoryBench('real')],
  sqlite: [sqliteBench('virtual'), sqliteBench('real')],
}

const folders = readdirSync(fileURLToPath(new URL('.', import.meta.url)), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'shared')
  .map((entry) => entry.name)

test('every store is in the table, and nothing else is', () => {
  expect(Object.keys(table).toSorted()).toEqual(folders.toSorted())
})

test('every case has a name of its own, and every declared exception is one of them', () => {
  const names = conformance.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { exceptions = {} } of Object.values(table).flat()) {
    for (const [name, reason] of Object.entries(exceptions)) {
      expect(names).toContain(name)
      expect(reason.length).toBeGreaterThan(10)
    }
  }
})

for (const bench of Object.values(table).flat()) {
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
