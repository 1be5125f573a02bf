/** Which bucket it is, and what is said of it: checked, from options and from a URL. */
import { Misuse } from '../../store/errors.ts'
import type { NatsAddress } from './address.ts'

export interface NatsOptions {
  /**
   * The bucket: 1 to 64 letters, digits, or signs of `-_`. It is made where it is missing. Stores with different buckets know
   * nothing of each other.
   *
   * @default the path of the URL, or `holdfast`
   */
  readonly bucket?: string
  /** On how many servers a bucket is kept that is made now: 1 to 5. @default 3 in a cluster, else 1 */
  readonly replicas?: number
  /**
   * That every server writes each change to its disk before it answers (`sync_interval: always`, from version 2.10 on). It
   * cannot be asked for, so it is believed, and the class depends on it.
   *
   * @default false
   */
  readonly syncsAlways?: boolean
}

export interface NatsSetup {
  readonly bucket: string
  /** Of a bucket that is made. @default 3 in a cluster, else 1 */
  readonly replicas: number | undefined
  readonly syncsAlways: boolean
}

const BUCKET_DEFAULT = 'holdfast'
const BUCKET = /^[A-Za-z0-9_-]{1,64}$/
const REPLICAS_MAX = 5

export function natsSetupOf(options: NatsOptions, address?: NatsAddress): NatsSetup {
  const { bucket = address?.bucket ?? BUCKET_DEFAULT, replicas = address?.replicas } = options
  if (typeof bucket !== 'string' || !BUCKET.test(bucket)) {
    throw new Misuse('the bucket for NATS must be 1 to 64 letters, digits, or signs of -_')
  }
  if (replicas !== undefined && !(Number.isInteger(replicas) && replicas >= 1 && replicas <= REPLICAS_MAX)) {
    throw new Misuse(`replicas must be a whole number from 1 to ${REPLICAS_MAX}`)
  }
  return { bucket, replicas, syncsAlways: options.syncsAlways ?? address?.syncsAlways ?? false }
}
