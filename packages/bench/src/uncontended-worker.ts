/** One process of the suite `uncontended`: bare, Holdfast, and bare again, in turns. */
import { join } from 'node:path'
import { holdfast } from 'holdfast'
import { sqlite } from 'holdfast/sqlite'
import { BareLock } from './bare-lock.ts'
import { holdfastLock, inTurn, namesOf } from './holdfast-lock.ts'
import { type Rounds, type Slice, takeTurns } from './slices.ts'
import { serve } from './worker-processes.ts'

export interface UncontendedJob {
  readonly folder: string
  readonly durability: 'normal' | 'full'
  readonly worker: number
  readonly rounds: Rounds
}

/** Names are used again and again, as programs do. */
const NAMES = 64

serve<UncontendedJob, readonly (readonly Slice[])[]>(async ({ folder, durability, worker, rounds }) => {
  const names = namesOf(`worker-${worker}`, NAMES)
  const bare = new BareLock({ path: join(folder, 'bare.db'), durability, names })
  const again = new BareLock({ path: join(folder, 'again.db'), durability, names })
  const locks = holdfast(sqlite({ path: join(folder, 'holdfast.db'), durability }))
  await locks.open()
  return async (startAtMs) => {
    const slices = await takeTurns([bare, holdfastLock(locks, inTurn(names)), again], rounds, startAtMs)
    await locks.close()
    bare.close()
    again.close()
    return slices
  }
})
