/** Runs every conformance case on the example stores; no test runner is needed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type Bench, conformance, runCase } from 'holdfast/testing'
import { cabinetInMemory } from './cabinet.ts'
import { fileStore } from './files.ts'
import { cabinetStore } from './store.ts'

// Both judge by real clocks, so the cases really wait. They wait together.
const cabinetBench: Bench = {
  name: 'cabinet',
  time: 'real',
  async start() {
    const cabinet = cabinetInMemory()
    return { store: () => cabinetStore(cabinet), stop: async () => undefined }
  },
}

const filesBench: Bench = {
  name: 'versioned files',
  time: 'real',
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'))
    return { store: () => fileStore(folder), stop: () => rm(folder, { recursive: true }) }
  },
}

const say = (line: string) => process.stdout.write(`${line}\n`)

for (const bench of [cabinetBench, filesBench]) {
  let failures = 0
  const exceptions = new Map<string, number>()
  await Promise.all(
    conformance.map(async (each) => {
      try {
        const reason = await runCase(each, bench)
        if (reason !== undefined) exceptions.set(reason, (exceptions.get(reason) ?? 0) + 1)
      } catch (error) {
        failures += 1
        say(`FAILED ${each.rule}: ${each.name}\n${inspect(error)}`)
      }
    }),
  )
  for (const [reason, count] of exceptions) say(`${bench.name}: ${count} cases do not apply: ${reason}`)
  say(`${bench.name}: ${conformance.length} cases, ${failures} failures`)
  if (failures > 0) process.exitCode = 1
}
