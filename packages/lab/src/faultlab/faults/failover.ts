/** The primary dies and its replica takes over, which has not heard of everything: replication is later than the answer. */
import type { Fault } from './fault.ts'

const DEAF_TTLS = { min: 0.1, max: 0.6 }
const TARGET = 'server 1'

export const failover: Fault = {
  rights: 'none',
  what:
    `the replica of the server hears nothing for ${DEAF_TTLS.min} to ${DEAF_TTLS.max} leases, then the server is killed and ` +
    'the replica promoted in its place, at the same address',
  counts: 'the replica lacked something that the primary had answered',
  atStore: true,
  hitsStore: true,
  needs: 'replica',
  begins: 'failover',
  ends: 'end-failover',
  async strike(scene) {
    const { random, ttlMs, ground, note, sleep } = scene
    if (ground.succession === undefined || scene.isOver()) return
    note('failover', TARGET)
    const { behindBytes } = await ground.succession.failOver(
      ttlMs * random.between(DEAF_TTLS.min, DEAF_TTLS.max),
      sleep,
    )
    note('end-failover', TARGET, { behindBytes })
  },
  hadEffect: ({ ended }) => Number(ended['behindBytes'] ?? 0) > 0,
}
