/** Opens a locker by its name. */
import { bareBatchLocker } from './bare-batch.ts'
import { bareQueueLocker } from './bare-queue.ts'
import { holdfastLocker } from './holdfast-locker.ts'
import { competitorLockers, type CompetitorName } from './competitor-lockers.ts'
import type { Locker, LockerSettings } from './locker.ts'

export type LockerName = 'holdfast' | 'bare queue' | 'bare batch' | CompetitorName

export async function openLocker(name: LockerName, settings: LockerSettings): Promise<Locker> {
  if (name === 'holdfast') return holdfastLocker(settings)
  if (name === 'bare queue') return bareQueueLocker(settings)
  if (name === 'bare batch') return bareBatchLocker(settings)
  return await competitorLockers[name](settings)
}
