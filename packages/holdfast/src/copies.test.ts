/** Two copies of the library in one program, as two builds, two versions or two bundles would bring them. */
import { expect, test, vi } from 'vitest'
import * as here from './holdfast.ts'
import { Misuse } from './store/errors.ts'
import { memory } from './stores/memory/index.ts'

test('a store that has a client of one copy is refused by the other', async () => {
  vi.resetModules()
  const there = await import('./holdfast.ts')
  expect(there.holdfast).not.toBe(here.holdfast)
  const store = memory()
  const locks = here.holdfast(store)
  expect(() => there.holdfast(store)).toThrow(Misuse)
  await locks.close()
})
