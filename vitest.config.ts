import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { makeLuaModules } from './scripts/lua-modules.mjs'
import { ClosingLine } from './tests/support/closing-line.ts'
import { REAL_TIME } from './tests/support/repeats.ts'

makeLuaModules(join(import.meta.dirname, 'packages/holdfast/src'))

/** Real processes that are hurt in real time: they get the machine to themselves, after everything else. */
const LIVE = ['packages/lab/src/faultlab/live.test.ts']
/** The same, and each has moments to meet: not beside the runs above. */
const REPLAYS = ['packages/lab/src/faultlab/scenarios/live.test.ts']
/** Tests of projects that use the library, run by other runners. */
const CONSUMERS = ['tests/consumer/**']

export default defineConfig({
  test: {
    reporters: ['default', new ClosingLine()],
    projects: [
      {
        extends: true,
        test: {
          name: 'suites',
          include: ['packages/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...LIVE, ...REPLAYS, ...CONSUMERS],
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'live', include: LIVE, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'replays', include: REPLAYS, sequence: { groupOrder: 2 } } },
    ],
    // Most tests wait for processes, files and leases: two files a core, and the cases of a store together.
    maxWorkers: 2 * availableParallelism(),
    maxConcurrency: 10,
    tags: [{ name: REAL_TIME, description: 'waits for real processes, servers and timers: repeated alone if starved' }],
    // None of these is what a test promises: they only decide how long a failing test takes, on a busy machine as well.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000, interval: 20 } },
    // A forgotten restore in one test must not lame the next.
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
})
