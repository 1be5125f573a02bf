import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RespConnection } from '@holdfast/testbed/engines/redis/resp'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { mutants } from './all.ts'
import type { Mutant } from './mutant.ts'
import { unknownNames } from './names.ts'
import { damaged } from './sandbox.ts'

const root = join(import.meta.dirname, '..', '..')
const sample: Mutant = {
  name: 'sample',
  file: 'sample.ts',
  find: 'a < b',
  replace: 'a <= b',
  caughtBy: { seeds: { from: 1, count: 1 } },
}

describe('mutants', () => {
  it.each(mutants)('"$name" fits its file in one place and is still a program', async (mutant) => {
    const original = await readFile(join(root, mutant.file), 'utf8')
    expect(damaged(mutant, original)).not.toBe(original)
  })

  // TypeScript is looked at without its types; Lua by the server that runs it.
  it('in Lua are still programs', async (context) => {
    await requireEngine(context, redisServer)
    await using engine = await redisServer.start()
    await using connection = await RespConnection.open(engine.url)
    for (const mutant of mutants.filter(({ file }) => file.endsWith('.lua'))) {
      const text = damaged(mutant, await readFile(join(root, mutant.file), 'utf8'))
      await expect(connection.command('SCRIPT', 'LOAD', text), mutant.name).resolves.toMatch(/^[0-9a-f]{40}$/)
    }
    await expect(connection.command('SCRIPT', 'LOAD', 'if true then')).rejects.toThrow(/compiling/)
  })

  it('in TypeScript name only what exists', { timeout: 120_000 }, async () => {
    const renamed: Mutant = {
      ...sample,
      file: 'packages/holdfast/src/time/deadline.ts',
      find: 'clock.monotonicMs()',
      replace: 'clock.monotonic()',
    }
    expect(await unknownNames([...mutants, renamed])).toEqual([expect.stringContaining("sample: Property 'monotonic'")])
  })

  it('have names of their own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  })

  it('that fit nowhere, or in two places, or make no program, are refused', () => {
    expect(damaged(sample, 'f(a < b)')).toBe('f(a <= b)')
    expect(() => damaged(sample, 'f(a > b)')).toThrow('0 times')
    expect(() => damaged(sample, 'a < b || a < b')).toThrow('2 times')
    expect(() => damaged({ ...sample, replace: 'a < (b' }, 'f(a < b)')).toThrow()
  })
})
