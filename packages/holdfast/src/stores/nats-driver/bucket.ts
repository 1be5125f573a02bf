/** The bucket: a stream in the form that NATS gives to buckets of keys and values. It is made where it is missing. */
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import { formOf } from './bucket-form.ts'
import type { NatsClient } from './client.ts'
import { isRefusal, NO_STREAM, natsError, OTHER_STREAM } from './errors.ts'
import type { NatsRequests } from './requests.ts'
import { type NatsStream, streamOf } from './stream.ts'

/** A stream that more than half of its servers keep is not lost with one of them. */
const REPLICAS_IN_CLUSTER = 3

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

/** Nobody hears requests for JetStream. */
function unanswered(cause: NotApplied, hasJetstream: boolean): StoreUnavailable {
  if (hasJetstream) return new StoreUnavailable(cause.message, { cause })
  const message =
    'opening: this server of NATS has JetStream switched off, and knows none that has it: start it with -js, or with ' +
    'jetstream {} in its configuration'
  return new StoreUnavailable(message, { cause, isFinal: true })
}
