/** Observing a line without a claim in it: the line remembers the observer's process, and every change notifies it. */
import { appearanceOf } from '../../line/view.ts'
import type { Timers } from '../../time/timer-queue.ts'
import type { RecordEngine } from './engine.ts'
import { Transaction } from './transaction.ts'
import { subjectOf, type Watchers } from './watchers.ts'

/** How long a line remembers an observer, and how long that is relied upon. */
const OBSERVED_MS = 60_000
const OBSERVED_SURELY_MS = 45_000

interface Observation {
  readonly resource: string
  /** The version that the observer knows. */
  readonly seen: string
  readonly ends: AbortSignal
}

/** Another version of the line; or the same one when the observation ends, or when it is time to register again. */
export async function observeLine(
  engine: RecordEngine,
  watchers: Watchers,
  timers: Timers,
  { resource, seen, ends }: Observation,
): Promise<string> {
  const look = async (): Promise<string | undefined> => {
    const { record, now } = await engine.read(resource, 'all')
    const version = appearanceOf(record.line, now)
    return version === seen ? undefined : version
  }
  const changed = await look()
  if (changed !== undefined || ends.aborted) return changed ?? seen
  await register(engine, resource)
  const lapse = new AbortController()
  const timer = timers.addIn(() => lapse.abort(), OBSERVED_SURELY_MS)
  const endListening = engine.listen?.(resource)
  try {
    return (await watchers.until(subjectOf(resource), look, AbortSignal.any([ends, lapse.signal]))) ?? seen
  } finally {
    endListening?.()
    timers.cancel(timer)
  }
}

async function register(engine: RecordEngine, resource: string): Promise<void> {
  // Engines without a clock tell every process of every change, or those that listen.
  if (engine.isObserved === true) return
  const { channel } = engine
  const { record, now } = await engine.read(resource, [])
  const known = record.observers.find((observer) => observer.channel === channel)
  if (known !== undefined && known.untilMs >= now.nowMs + OBSERVED_SURELY_MS) return
  await engine.change(
    [{ resource, ids: [] }],
    (change) => {
      const transaction = new Transaction(change)
      transaction.observe(resource, channel, change.now.nowMs + OBSERVED_MS)
      transaction.write()
    },
    'asks',
  )
}
