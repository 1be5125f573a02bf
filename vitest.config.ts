import { defineConfig } from 'vitest/config'
import { ClosingLine } from './tests/support/closing-line.ts'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    reporters: ['default', new ClosingLine()],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // A forgotten restore in one test must not lame the next.
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
})
