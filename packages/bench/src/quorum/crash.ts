/** How soon the next waiter has a lock where a quorum keeps it, when the process that held it is killed. */
import { holdfast } from 'holdfast'
import { type Figure, roundsOf, type Suite } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import { killAndWait } from '../redis/crash.ts'
import { median } from '../statistics.ts'
import type { QuorumEngine } from './engine.ts'

const NAMES = 4
const ROUNDS = 5

export const quorumCrash = (engine: QuorumEngine): Suite => ({
  name: `${engine.scheme}-crash`,
  group: engine.scheme,
  about: `${engine.title}, a process that has just taken ${NAMES} locks of ${engine.crash.ttlMs / 1000} s is killed (SIGKILL) while another process waits for them`,
  run: (settings) =>
    engine.within(async ({ url }) => {
      await using locks = holdfast(engine.store(url), { ttl: engine.crash.ttlMs, wait: '1m' })
      await locks.open()
      const kills: number[] = []
      for (let round = 0; round < roundsOf(ROUNDS, settings); round += 1) {
        const waits = await killAndWait(locks, url, engine.crash.ttlMs, namesOf(`round-${round}`, NAMES))
        kills.push(...waits.map(({ afterKillMs }) => afterKillMs))
      }
      return figuresOf(kills, engine.crash.ttlMs + engine.crash.lateMs)
    }),
})

function figuresOf(kills: readonly number[], atMost: number): readonly Figure[] {
  return [
    { what: 'kills × locks', unit: '', value: kills.length },
    { what: 'p50 after the kill', unit: 'ms', value: median(kills), target: { atMost } },
    { what: 'longest after the kill', unit: 'ms', value: Math.max(...kills), target: { atMost } },
  ]
}
