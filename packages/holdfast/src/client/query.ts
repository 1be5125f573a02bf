/** One question to the store outside of any lock: bounded in time, and asked again while the store is busy. */
import { Backoff } from '../time/backoff.ts'
import { answerWithin } from '../time/call-limit.ts'
import { sleep } from '../time/clock.ts'
import { HoldfastError, isFinal, NotApplied, OutcomeUnknown, StoreUnavailable } from '../store/errors.ts'
import { withTraces } from '../lease/trace.ts'
import { ATTEMPT_MS_MAX } from '../store/limits.ts'
import type { LockClient } from './client.ts'
import type { LineView } from '../store/line-view.ts'
import type { OpenStore } from '../store/store.ts'

/** What is asked about, and whether asking changes something: a look that was not answered is no unknown outcome. */
export interface Query {
  readonly name: string
  readonly changes: boolean
}

export async function query<T>(
  client: LockClient,
  { name, changes }: Query,
  question: (store: OpenStore) => Promise<T>,
): Promise<T> {
  const { clock, timers } = client
  const store = await client.open()
  const endsAtMs = clock.monotonicMs() + ATTEMPT_MS_MAX
  const backoff = new Backoff()
  for (;;) {
    const leftMs = endsAtMs - clock.monotonicMs()
    try {
      return await answerWithin(timers, question(store), leftMs, `asking about "${name}"`)
    } catch (error) {
      if (!(error instanceof NotApplied) || error.isFinal) throw aboutName(error, name, changes)
      if (leftMs <= 0)
        throw new StoreUnavailable(`the store was too busy to be asked about "${name}"`, { cause: error })
      await sleep(clock, backoff.nextMs())
    }
  }
}

/** The line of a name, as it is now. */
export async function lookAt(client: LockClient, name: string): Promise<LineView> {
  const resource = client.resourceOf(name)
  return withTraces(await query(client, { name, changes: false }, (store) => store.look(resource)))
}

/** Below the seam there are encoded resources; a caller knows names. */
function aboutName(error: unknown, name: string, changes: boolean): unknown {
  if (!(error instanceof HoldfastError)) return error
  const details = { resource: name, cause: error, isFinal: isFinal(error) }
  switch (error.code) {
    case 'OUTCOME_UNKNOWN':
      return changes ? new OutcomeUnknown(error.message, details) : new StoreUnavailable(error.message, details)
    case 'NOT_APPLIED':
    case 'STORE_UNAVAILABLE':
      return new StoreUnavailable(error.message, details)
    default:
      return error
  }
}
