/** What every lock does, whatever it is made of. */
import type { LockCase } from './case.ts'
import { ending } from './end-cases.ts'
import { taking } from './acquire-cases.ts'

export const lockConformance: readonly LockCase[] = [...taking, ...ending]
