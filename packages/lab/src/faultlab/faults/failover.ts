/** The primary is gone and its replica takes over, which has not heard of everything: replication is later than the answer. */
import type { Fault } from './fault.ts'

const DEAF_TTLS = { min: 0.1, max: 0.6 }

function succession(what: string): Fault {
  return {
    rights: 'none',
    what: `the replica of a server hears nothing for ${DEAF_TTLS.min} to ${DEAF_TTLS.max} leases, then ${what}`,
    counts: 'the replica lacked something that the primary had answered',
    atStore: true,
    hitsStore: true,
    needs: 'replica',
    begins: 'failover',
    ends: 'end-failover',
    async strike(target) {
      const { random, ttlMs, environment, note, sleep } = target
      const chosen = environment.successions[random.below(environment.successions.length)]
      const deafMs = ttlMs * random.between(DEAF_TTLS.min, DEAF_TTLS.max)
      await chosen?.alone(async () => {
        if (target.isOver()) return
        note('failover', chosen.name)
        const succeeded = await chosen.failOver(deafMs, sleep)
        note('end-failover', chosen.name, { ...succeeded })
      })
    },
    hadEffect: ({ ended }) => Number(ended['behindBytes'] ?? 0) > 0,
  }
}

export const failover: Fault = succession(
  'the server is killed and the replica promoted in its place, at the same address',
)

/** Those that choose by themselves; it may take them some seconds. */
export const electedFailover: Fault = succession(
  'the server is killed, or every other time stopped (SIGSTOP), until the others have put the replica in its place, and goes on as the replica',
)
