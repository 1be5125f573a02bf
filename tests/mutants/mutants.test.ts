import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { coreMutants } from './core.mutants.ts'
import { engineMutants } from './engine.mutants.ts'
import { troubleMutants } from './trouble.mutants.ts'
import type { Mutant } from './mutant.ts'
import { damaged } from './sandbox.ts'

const root = join(import.meta.dirname, '..', '..')
const mutants = [...coreMutants, ...engineMutants, ...troubleMutants]
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
