/** Lockers in etcd: Holdfast, and another library as its own documentation uses it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { requireCompetitor } from '@holdfast/testbed/competitors'
import { etcd } from 'holdfast/etcd'
import { holdfastOver } from '../server/holdfast-over.ts'
import type { Locker, LockerSettings } from '../server/locker.ts'

export type EtcdLockerName = 'etcd3'

export async function openEtcdLocker(name: string, settings: LockerSettings): Promise<Locker> {
  if (name === 'holdfast') return await holdfastOver(etcd(settings.url), settings)
  if (name === 'etcd3') return rival(settings)
  throw new Error(`${name} does not lock in etcd`)
}

interface Etcd3Lock {
  ttl(seconds: number): Etcd3Lock
  acquire(): Promise<unknown>
  release(): Promise<unknown>
}

/** It does not wait: who comes to a lock that is held asks again. */
const ASKS_EVERY_MS = 10
const MS_PER_SECOND = 1_000

function rival({ url, ttlMs, waitMs }: LockerSettings): Locker {
  const { Etcd3, EtcdLockFailedError } = requireCompetitor<{
    Etcd3: new (options: object) => { lock(name: string): Etcd3Lock; close(): void }
    EtcdLockFailedError: new () => Error
  }>('etcd3')
  const client = new Etcd3({ hosts: url.replace('etcd://', '').split(',') })
  return {
    async acquire(name) {
      const untilMs = performance.now() + waitMs
      for (;;) {
        const lock = client.lock(name).ttl(ttlMs / MS_PER_SECOND)
        try {
          await lock.acquire()
          return () => lock.release()
        } catch (error) {
          if (!(error instanceof EtcdLockFailedError) || performance.now() > untilMs) throw error
        }
        await sleep(ASKS_EVERY_MS)
      }
    },
    readings: () => ({}),
    async close() {
      client.close()
    },
  }
}
