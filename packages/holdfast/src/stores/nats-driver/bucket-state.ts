/** How a bucket is: for operators. It is asked on a connection of its own and nothing is changed. */
import { environmentOf, timersOf } from '../../store/environment.ts'
import { systemClock } from '../../time/clock.ts'
import type { NatsAddress } from './address.ts'
import { describeBucket } from './bucket.ts'
import { natsError } from './errors.ts'
import { NatsLink } from './link.ts'
import { loadNats, ownConnection } from './load.ts'
import { NatsRequests } from './requests.ts'

export interface NatsBucketState {
  /** The version of the server that was asked. */
  readonly version: string
  readonly storage: 'file' | 'memory'
  readonly replicas: number
  /** The server that leads the bucket; absent where there is one server alone, or none leads. */
  readonly leader?: string
  /** Servers that keep it and are away, or behind. */
  readonly behind: readonly string[]
  /** Lines, in use or idle. */
  readonly lineCount: number
  readonly bytes: number
  /** After how long an untouched line goes; 0 for never. */
  readonly maxAgeMs: number
}

export async function bucketStateOf(address: NatsAddress, bucket: string): Promise<NatsBucketState> {
  const module = await loadNats()
  const client = await ownConnection(module, address)
  const link = new NatsLink(client, { lost() {}, restored() {} })
  const { bounded } = environmentOf(systemClock, timersOf(systemClock), new AbortController().signal)
  const what = 'looking at the bucket'
  try {
    const { config, state, cluster } = await describeBucket(
      new NatsRequests(client, module, bounded, link),
      bucket,
      what,
    )
    const behind = (cluster?.replicas ?? []).filter(({ current, offline }) => !current || offline === true)
    return {
      version: client.info?.version ?? 'unknown',
      storage: config.storage,
      replicas: config.num_replicas,
      ...(cluster?.leader !== undefined && { leader: cluster.leader }),
      behind: behind.map(({ name }) => name),
      lineCount: state.num_subjects ?? 0,
      bytes: state.bytes,
      maxAgeMs: config.max_age / 1_000_000,
    }
  } catch (error) {
    throw natsError(error, what)
  } finally {
    link.close()
    await client.close()
  }
}
