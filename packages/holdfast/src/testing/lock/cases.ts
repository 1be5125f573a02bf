/** What every lock does, whatever it is made of. */
import type { LockCase } from './case.ts'
import { ending } from './ending.ts'
import { taking } from './taking.ts'

export const lockConformance: readonly LockCase[] = [...taking, ...ending]
