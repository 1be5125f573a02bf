import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { ClosingLine } from './tests/support/closing-line.ts'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    reporters: ['default', new ClosingLine()],
    // Most tests wait for processes and files, so a machine with two cores should not run them one by one.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // A forgotten restore in one test must not lame the next.
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
})
