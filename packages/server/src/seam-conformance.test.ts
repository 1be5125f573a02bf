/**
 * All cases of stores and of locks over `holdfast/http`: what a store promises, it promises through a server. They wait in real
 * time, so many of them run together.
 *
 * @module-tag real-time
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { Store } from 'holdfast'
import { memory, memoryEngine } from 'holdfast/memory'
import { sqlite } from 'holdfast/sqlite'
import { type Bench, conformance, dresses, lockConformance, runCase, runLockCase } from 'holdfast/testing'
import { SeamServer } from './seam.fixture.ts'

/** As many as one machine carries without being late for its leases. */
vi.setConfig({ maxConcurrency: 16 })

const CASE_MS_MAX = 60_000

const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
const engine = memoryEngine()
const behind: Readonly<Record<string, () => Store>> = {
  memory: () => memory(engine),
  sqlite: () => sqlite({ path: join(folder, 'locks.db') }),
}
const servers: SeamServer[] = []

afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

/** One server for all cases: each uses names of its own. */
function benchOver(name: string, store: () => Store): Bench {
  let server: Promise<SeamServer> | undefined
  return {
    name: `http to ${name}, real time`,
    time: 'real',
    async start() {
      const started = await (server ??= SeamServer.start(store))
      if (!servers.includes(started)) servers.push(started)
      return { store: () => started.store(), stop: async () => undefined }
    },
  }
}

for (const [name, store] of Object.entries(behind)) {
  const bench = benchOver(name, store)
  // Whatever is excepted is excepted from the store behind as well, and from these two nothing is.
  describe(bench.name, { concurrent: true, timeout: CASE_MS_MAX }, () => {
    test.each(conformance)('$rule: $name', async (each) => {
      expect(await runCase(each, bench)).toBe(undefined)
    })
    for (const dress of dresses) {
      test.each(lockConformance)(`${dress.name}: $name`, async (each) => {
        expect(await runLockCase(each, dress, bench)).toBe(undefined)
      })
    }
  })
}
