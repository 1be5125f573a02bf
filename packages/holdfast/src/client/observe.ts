/**
 * A line as it changes, for observers without a claim: elections, members, dashboards. Level-triggered: what is yielded was
 * true at one moment, and nothing that lasts is missed; what came and went between two looks is joined.
 */
import { isFinal, isPassing, NotApplied } from '../store/errors.ts'
import type { LineView } from '../store/line-view.ts'
import { Backoff } from '../time/backoff.ts'
import { sleep } from '../time/clock.ts'
import type { LockClient } from './client.ts'
import { lookAt } from './query.ts'

export interface ObserveOptions {
  /** Ends the iteration without an error. @default none: it ends when the loop is left or the client is closed */
  readonly signal?: AbortSignal
}

/** Where the store cannot push, the line is looked at this often. */
const POLL_MS = 1_000
/** A store that is away is looked for this often at most. */
const AWAY_MS_MAX = 5_000
/** An observer that is woken again and again for nothing looks no more often than this. */
const FRUITLESS_MS_MAX = 250

export async function* observe(
  client: LockClient,
  name: string,
  { signal }: ObserveOptions,
): AsyncGenerator<LineView, void, undefined> {
  const resource = client.resourceOf(name)
  const ends = signal === undefined ? client.closing : AbortSignal.any([signal, client.closing])
  const away = new Backoff(AWAY_MS_MAX)
  const fruitless = new Backoff(FRUITLESS_MS_MAX)
  let seen: string | undefined
  while (!ends.aborted) {
    try {
      const view = await lookAt(client, name)
      away.reset()
      if (view.version === seen) {
        await sleep(client.clock, fruitless.nextMs(), ends)
      } else {
        fruitless.reset()
        seen = view.version
        if (!ends.aborted) yield view
      }
      await change(client, resource, view, ends)
    } catch (error) {
      if (ends.aborted) return
      // An outage, or a store that is busy, says nothing about the line: nothing is yielded, and it is asked until it answers.
      const isBusy = error instanceof NotApplied && !error.isFinal
      if (!isBusy && !isPassing(error)) throw error
      await sleep(client.clock, away.nextMs(), ends)
    }
  }
}

/** Resolves when the line may have changed, at once when it has already. */
async function change(client: LockClient, resource: string, view: LineView, ends: AbortSignal): Promise<void> {
  if (ends.aborted) return
  if (client.facts?.wakeUp !== 'push') return await sleep(client.clock, POLL_MS, ends)
  const due = new AbortController()
  const endsInMs = soonestEndMs(view)
  const timer = Number.isFinite(endsInMs) ? client.timers.addIn(() => due.abort(), endsInMs) : undefined
  try {
    await client.store.observe(resource, view.version, AbortSignal.any([ends, due.signal]))
  } catch (error) {
    if (!isFinal(error)) throw error
    // An observer registers, which writes, and a program that may read need not be one that may write.
    await sleep(client.clock, POLL_MS, ends)
  } finally {
    if (timer !== undefined) client.timers.cancel(timer)
  }
}

/** A claim whose process fell silent ends without a change, so no store tells of it. */
function soonestEndMs({ claims }: LineView): number {
  return Math.min(...claims.map(({ endsInMs = Number.POSITIVE_INFINITY }) => endsInMs))
}
