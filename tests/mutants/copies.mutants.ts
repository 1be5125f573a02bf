/** Damages to what holds when two copies of the library are in one program. */
import type { Mutant } from './mutant.ts'

const ERRORS = 'packages/holdfast/src/store/errors.ts'
const errors = { tests: ['packages/holdfast/src/store/errors.test.ts'] } as const

export const copiesMutants: readonly Mutant[] = [
  {
    name: 'errors are told apart by the classes of one copy of the library',
    file: ERRORS,
    find: "const MARK: unique symbol = Symbol.for('holdfast.error')",
    replace: "const MARK: unique symbol = Symbol('holdfast.error')",
    caughtBy: errors,
  },
  {
    name: 'every error is an instance of every class',
    file: ERRORS,
    find: "return wanted === 'any' ? code !== undefined : code === wanted",
    replace: 'return code !== undefined',
    caughtBy: errors,
  },
  {
    name: 'every error is an instance of a class that a program derived',
    file: ERRORS,
    find: 'return Function.prototype[Symbol.hasInstance].call(type as () => void, value)',
    replace: 'return value instanceof HoldfastError',
    caughtBy: errors,
  },
  {
    name: 'each copy of the library knows the clients of its own stores alone',
    file: 'packages/holdfast/src/holdfast.ts',
    find: "Symbol.for('holdfast/1/taken')",
    replace: "Symbol('holdfast/1/taken')",
    caughtBy: { tests: ['packages/holdfast/src/copies.test.ts'] },
  },
]
