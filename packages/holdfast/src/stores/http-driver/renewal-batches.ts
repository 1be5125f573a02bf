/** Renewals in bodies that a server takes: each of claims that one run of it has. */
import { RENEW_BATCH_MAX } from '../../store/limits.ts'
import type { Renewal } from '../../store/store.ts'

interface RenewalBatch {
  readonly instance: string | undefined
  readonly batch: Renewal[]
}

/** Below the 256 KiB of a request. */
const BATCH_LENGTH_MAX = 200 * 1024
/** Names of fields, an id, a token and numbers. */
const REST_LENGTH = 200

export function batchesOf(
  renewals: readonly Renewal[],
  instanceOf: (renewal: Renewal) => string | undefined,
): readonly RenewalBatch[] {
  return [...Map.groupBy(renewals, instanceOf)].flatMap(([instance, group]) => {
    const batches: RenewalBatch[] = []
    let length = BATCH_LENGTH_MAX
    for (const renewal of group) {
      const ownLength = lengthOf(renewal)
      const last = batches.at(-1)
      if (last === undefined || length + ownLength > BATCH_LENGTH_MAX || last.batch.length >= RENEW_BATCH_MAX) {
        batches.push({ instance, batch: [renewal] })
        length = ownLength
      } else {
        last.batch.push(renewal)
        length += ownLength
      }
    }
    return batches
  })
}

function lengthOf({ ref, note }: Renewal): number {
  return REST_LENGTH + ref.resource.length + (note === undefined ? 0 : Buffer.byteLength(JSON.stringify(note)))
}
