/** Which servers have after a restart all that they had answered for before it. */
import { type ServerFindings, flushesEachChange } from '../redis-driver/probe.ts'

/**
 * Every change is on the disk before its answer, and no replica is there that could take over without it. Where the
 * server does not tell, it counts as one that forgets.
 */
export function keepsAll({ settings, replicas }: ServerFindings): boolean {
  return settings !== undefined && flushesEachChange(settings) && replicas === 0
}
