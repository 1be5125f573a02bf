/** Every replay by its name. Those for a store that is not here yet come with the store. */
import { deletedFile, foreignRelease, killedHolder } from './others.ts'
import { pausedHolder, writeOnlyGuard } from './paused-holder.ts'
import type { Scenario } from './scenario.ts'

export const scenarios: ReadonlyMap<string, Scenario> = new Map([
  ['paused-holder', pausedHolder],
  ['write-only-guard', writeOnlyGuard],
  ['killed-holder', killedHolder],
  ['deleted-file', deletedFile],
  ['foreign-release', foreignRelease],
])
