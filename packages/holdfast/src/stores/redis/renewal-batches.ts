/** Which renewals go together: where the server is a Cluster, one script touches the keys of one slot only. */
import { RENEW_BATCH_MAX } from '../../store/limits.ts'
import type { Renewal } from '../../store/store.ts'
import { bySlot } from '../redis-driver/slots.ts'
import type { RedisKeys } from './keys.ts'

export function batchesOf(
  renewals: readonly Renewal[],
  keys: RedisKeys,
  isCluster: boolean,
): readonly (readonly Renewal[])[] {
  const groups = isCluster ? bySlot(renewals, ({ ref }) => keys.line(ref.resource)) : [renewals]
  return groups.flatMap((group) => chunksOf(group))
}

function chunksOf(renewals: readonly Renewal[]): readonly (readonly Renewal[])[] {
  const chunks: (readonly Renewal[])[] = []
  for (let at = 0; at < renewals.length; at += RENEW_BATCH_MAX) chunks.push(renewals.slice(at, at + RENEW_BATCH_MAX))
  return chunks
}
