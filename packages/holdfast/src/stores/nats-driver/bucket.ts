/** The bucket: a stream in the form that NATS gives to buckets of keys and values. It is made where it is missing. */
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { NatsClient } from './client.ts'
import { isRefusal, NO_STREAM, natsError, OTHER_STREAM } from './errors.ts'
import type { NatsRequests } from './requests.ts'

/** What JetStream says of a stream; times in nanoseconds. */
export interface NatsStream {
  readonly config: {
    readonly subjects?: readonly string[]
    readonly storage: 'file' | 'memory'
    readonly num_replicas: number
    readonly retention: string
    readonly discard: 'new' | 'old'
    readonly max_age: number
    readonly max_bytes: number
    readonly max_msgs: number
    readonly mirror?: object
  }
  readonly state: {
    readonly bytes: number
    readonly num_subjects?: number
    readonly subjects?: Readonly<Record<string, number>>
  }
  readonly cluster?: {
    readonly leader?: string
    readonly replicas?: readonly { readonly name: string; readonly current: boolean; readonly offline?: boolean }[]
  }
  /** Of the subjects, where they were asked for. */
  readonly total?: number
}

/** A stream that more than half of its servers keep is not lost with one of them. */
const REPLICAS_IN_CLUSTER = 3

export function streamOf(bucket: string): string {
  return `KV_${bucket}`
}

export function subjectsOf(bucket: string): string {
  return `$KV.${bucket}.>`
}

export async function describeBucket(requests: NatsRequests, bucket: string, what: string): Promise<NatsStream> {
  return await requests.api<NatsStream>(`STREAM.INFO.${streamOf(bucket)}`, {}, what)
}

/** `replicas`: for a bucket that is made now. */
export async function openBucket(
  requests: NatsRequests,
  bucket: string,
  { info }: NatsClient,
  replicas: number = info?.cluster === undefined ? 1 : REPLICAS_IN_CLUSTER,
): Promise<NatsStream> {
  try {
    return await describeBucket(requests, bucket, 'opening').catch(async (error: unknown) => {
      if (!isRefusal(error, NO_STREAM)) throw error
      return await makeBucket(requests, bucket, replicas)
    })
  } catch (error) {
    if (error instanceof NotApplied) throw unanswered(error, info?.jetstream === true)
    throw natsError(error, 'opening')
  }
}

async function makeBucket(requests: NatsRequests, bucket: string, replicas: number): Promise<NatsStream> {
  const what = 'making the bucket'
  try {
    return await requests.api<NatsStream>(`STREAM.CREATE.${streamOf(bucket)}`, formOf(bucket, replicas), what)
  } catch (error) {
    // Another process made it meanwhile, with other replicas.
    if (isRefusal(error, OTHER_STREAM)) return await describeBucket(requests, bucket, 'opening')
    throw natsError(error, what)
  }
}

function formOf(bucket: string, replicas: number): object {
  return {
    name: streamOf(bucket),
    description: 'locks of Holdfast',
    subjects: [subjectsOf(bucket)],
    retention: 'limits',
    storage: 'file',
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_consumers: -1,
    // What is full refuses the next record, and deletes none.
    discard: 'new',
    deny_delete: true,
    allow_rollup_hdrs: true,
    allow_direct: true,
  }
}

/** Nobody hears requests for JetStream. */
function unanswered(cause: NotApplied, hasJetstream: boolean): StoreUnavailable {
  if (hasJetstream) return new StoreUnavailable(cause.message, { cause })
  const message =
    'opening: this server of NATS has JetStream switched off, and knows none that has it: start it with -js, or with ' +
    'jetstream {} in its configuration'
  return new StoreUnavailable(message, { cause, isFinal: true })
}
