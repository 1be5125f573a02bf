/** Opens a locker by its name. */
import { bareBatchLocker } from './bare-batch.ts'
import { bareQueueLocker } from './bare-queue.ts'
import { holdfastLocker } from './holdfast-locker.ts'
import { rivalLockers, type RivalName } from './competitor-lockers.ts'
import type { Locker, LockerSettings } from './locker.ts'

export type LockerName = 'holdfast' | 'bare queue' | 'bare batch' | RivalName

export async function openLocker(name: LockerName, settings: LockerSettings): Promise<Locker> {
  if (name === 'holdfast') return holdfastLocker(settings)
  if (name === 'bare queue') return bareQueueLocker(settings)
  if (name === 'bare batch') return bareBatchLocker(settings)
  return await rivalLockers[name](settings)
}
