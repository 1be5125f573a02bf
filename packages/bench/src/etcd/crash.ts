/** How soon the next waiter has a lock in etcd when the process that held it is killed. */
import { holdfast } from 'holdfast'
import { etcd } from 'holdfast/etcd'
import { type Figure, roundsOf, type Suite } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import { killAndWait } from '../redis/crash.ts'
import { median } from '../statistics.ts'
import { withCluster } from './cluster.ts'

/** The shortest that an etcd grants which is not told otherwise. */
const TTL_MS = 2_000
const NAMES = 4
const ROUNDS = 5
/** It looks for leases that ended twice a second, and their end is agreed on like every change. */
const LATE_MS = 1_500

export const etcdCrash: Suite = {
  name: 'etcd-crash',
  group: 'etcd',
  about: `etcd of three members, a process that has just taken ${NAMES} locks of ${TTL_MS / 1000} s is killed (SIGKILL) while another process waits for them`,
  run: (settings) =>
    withCluster(async ({ url }) => {
      await using locks = holdfast(etcd(url), { wait: '1m' })
      await locks.open()
      const kills: number[] = []
      for (let round = 0; round < roundsOf(ROUNDS, settings); round += 1) {
        const waits = await killAndWait(locks, url, TTL_MS, namesOf(`round-${round}`, NAMES))
        kills.push(...waits.map(({ afterKillMs }) => afterKillMs))
      }
      return figuresOf(kills)
    }),
}

function figuresOf(kills: readonly number[]): readonly Figure[] {
  return [
    { what: 'kills × locks', unit: '', value: kills.length },
    { what: 'p50 after the kill', unit: 'ms', value: median(kills), target: { atMost: TTL_MS + LATE_MS } },
    { what: 'longest after the kill', unit: 'ms', value: Math.max(...kills), target: { atMost: TTL_MS + LATE_MS } },
  ]
}
