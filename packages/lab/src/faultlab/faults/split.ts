/** A network that breaks between the servers of one store: one of them is alone, and its clients hear nothing new. */
import { felt, feltWords } from './effects.ts'
import type { Fault } from './fault.ts'

const LASTS_TTLS = { min: 1, max: 3 }
/** The one that leads is one of three, and the more interesting one. */
const LEADER_CHANCE = 0.5

export const split: Fault = {
  rights: 'none',
  what:
    `one server hears no other and is not heard by them for ${LASTS_TTLS.min} to ${LASTS_TTLS.max} leases: every other time the one that leads, ` +
    'else one that follows; clients still reach it',
  counts: `something between the servers was held up, and a request at the store ${feltWords}`,
  atStore: true,
  hitsStore: true,
  begins: 'split',
  ends: 'end-split',
  async strike({ random, ttlMs, environment: { servers }, note, sleep, isOver }) {
    const wantsLeader = random.chance(LEADER_CHANCE)
    const lastsMs = ttlMs * random.between(LASTS_TTLS.min, LASTS_TTLS.max)
    for (const server of servers) {
      const { name, peers } = server
      if (peers === undefined || (await peers.leads()) !== wantsLeader) continue
      await server.alone(async () => {
        if (isOver()) return
        note('split', name, { leads: wantsLeader })
        const heal = peers.isolate({ kind: 'hold' })
        await sleep(lastsMs)
        note('end-split', name, { hit: heal() })
      })
      return
    }
  },
  hadEffect: (window, record) => Number(window.ended['hit'] ?? 0) > 0 && felt(record, window),
}
