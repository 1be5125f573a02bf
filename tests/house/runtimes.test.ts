/** The built library on the runtimes beside Node, with a lock file, with a real Redis, and with a guard. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { executable, fetchTools, type Fetched, folderOf } from '../support/fetched.ts'
import { run } from '../support/run.ts'
import { root } from '../support/tree.ts'

/** The first may be a download of some 80 MB. */
const FETCH_MS = 180_000
const SLOW_MS = 60_000
const VERSIONS = { bun: '1.4.5', deno: '2.9.6' } as const

interface Runtime {
  /** Inside its package for a platform, which npm chooses. */
  readonly program: string
  /** What stands before the name of a script. */
  readonly words: readonly string[]
}

const { platform, arch } = process
const RUNTIMES: Readonly<Record<keyof typeof VERSIONS, Runtime>> = {
  bun: { program: join('@oven', `bun-${platform}-${arch}`, 'bin', 'bun'), words: [] },
  deno: {
    program: join('@deno', `${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`, 'deno'),
    words: ['run', '--allow-all'],
  },
}

let fetched: Fetched
let server: Engine | undefined
beforeAll(async () => {
  fetched = await fetchTools('runtimes', VERSIONS)
}, FETCH_MS)
afterAll(() => server?.stop())

describe.each(['bun', 'deno'] as const)('on %s', { timeout: SLOW_MS }, (name) => {
  async function outputOf(skip: (note: string) => void, script: string, ...words: readonly string[]): Promise<string> {
    const { program, words: before } = RUNTIMES[name]
    const runtime = executable(join(folderOf(fetched, skip), 'node_modules', program))
    const { code, output } = await run(runtime, [...before, join(root, 'tests', 'consumer', script), ...words])
    expect(code, output).toBe(0)
    return output
  }

  test('every entry point loads once, and a lock in a file is a lock', async ({ skip }) => {
    expect(await outputOf(skip, 'smoke.mjs')).toMatch(/^ok /m)
  })

  test('a lock in Redis passes on, and a guard refuses who is late', async (context) => {
    await requireEngine(context, redisServer)
    server ??= await redisServer.start()
    expect(await outputOf(context.skip, 'shared-lock.mjs', server.url)).toContain('ok: taken over')
  })
})
