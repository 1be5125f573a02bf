/** Opens a locker by its name and the server it is to run on. */
import { zookeeper } from 'holdfast/zookeeper'
import { bareBatchLocker } from '../redis/bare-batch.ts'
import { bareQueueLocker } from '../redis/bare-queue.ts'
import { holdfastLocker } from '../redis/holdfast-locker.ts'
import { competitorLockers, type CompetitorName } from '../redis/competitor-lockers.ts'
import { type EtcdLockerName, openEtcdLocker } from '../etcd/open-locker.ts'
import { openSqlLocker, type SqlLockerName } from '../sql/open-locker.ts'
import { holdfastOver } from './holdfast-over.ts'
import type { Locker, LockerSettings } from './locker.ts'

export type LockerName = 'holdfast' | 'bare queue' | 'bare batch' | CompetitorName | SqlLockerName | EtcdLockerName

export async function openLocker(name: LockerName, settings: LockerSettings): Promise<Locker> {
  if (settings.url.startsWith('etcd')) return await openEtcdLocker(name, settings)
  if (settings.url.startsWith('zookeeper')) return await holdfastOver(zookeeper(settings.url), settings)
  if (!settings.url.startsWith('redis')) return await openSqlLocker(name, settings)
  if (name === 'holdfast') return holdfastLocker(settings)
  if (name === 'bare queue') return bareQueueLocker(settings)
  if (name === 'bare batch') return bareBatchLocker(settings)
  if (!(name in competitorLockers)) throw new Error(`${name} does not lock in Redis`)
  return await competitorLockers[name as CompetitorName](settings)
}
