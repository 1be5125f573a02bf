/** Every store, and how it is put to the test. A folder of a store without a row here fails the conformance test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench } from '../testing/index.ts'
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

export const benches: Readonly<Record<string, readonly Bench[]>> = {
  memory: [memoryBench('virtual'), memoryBench('real')],
  sqlite: [sqliteBench('virtual'), sqliteBench('real')],
}
