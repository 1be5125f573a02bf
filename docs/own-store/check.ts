/** Runs every conformance case on the example store; no test runner is needed. */
import { inspect } from 'node:util'
import { type Bench, conformance, runCase } from 'holdfast/testing'
import { cabinetInMemory } from './cabinet.ts'
import { cabinetStore } from './store.ts'

const bench: Bench = {
  name: 'cabinet',
  // It has a clock of its own, so the cases really wait. They wait together.
  time: 'real',
  async start() {
    const cabinet = cabinetInMemory()
    return { store: () => cabinetStore(cabinet), stop: async () => undefined }
  },
}

const say = (line: string) => process.stdout.write(`${line}\n`)

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
for (const [reason, count] of exceptions) say(`${count} cases do not apply: ${reason}`)
say(`${conformance.length} cases, ${failures} failures`)
process.exitCode = failures === 0 ? 0 : 1
