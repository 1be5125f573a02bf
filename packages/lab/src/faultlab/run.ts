/** One run: workers, faults, healing, a calm, every lock obtained once more, and then the judge. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '@holdfast/testbed/random'
import { byTime, type HistoryEvent, Recorder } from '@holdfast/testbed/history'
import { calmMs, graceMs } from './expectations.ts'
import { preflight } from './preflight.ts'
import { faultsOf, formsOf } from './faults/catalogue.ts'
import { faultNamed, needsOf } from './faults/choice.ts'
import { torment } from './faults/nemesis.ts'
import type { Environment } from './environment/environment.ts'
import { openEnvironment } from './environment/open-environment.ts'
import { readHistories } from './history/read-histories.ts'
import { type RunObserver, unobserved } from './run-observer.ts'
import { LOOPS, type Settings } from './settings.ts'
import { WorkerPool } from './worker-pool.ts'
import { EventLog } from './traffic/event-log.ts'
import { watchClock } from './traffic/clock-watch.ts'
import type { Contender, ContenderOptions, Form } from './traffic/contender.ts'
import { openContender } from './traffic/open-contender.ts'
import { makeResource } from './traffic/made-resource.ts'
import type { LockChoice } from './traffic/order.ts'
import { type LabVerdict, verdictOf } from './verdict.ts'

export interface Played {
  readonly events: readonly HistoryEvent[]
  readonly verdict: LabVerdict
}

/** The driver's own names in the history. */
const NEMESIS = 'nemesis'
const LAST = 'last'

/** Where each process writes what it does while it does it. */
export function processFolderOf({ out }: Pick<Settings, 'out'>): string {
  return join(out, 'processes')
}

/** No worker and no server outlives the driver, however that ends. */
export async function playRun(settings: Settings, observer: RunObserver = unobserved): Promise<Played> {
  const { ttlMs, seed, guard, lock, scheme } = settings
  const folder = processFolderOf(settings)
  mkdirSync(folder)
  observer.phase('start')
  const noted: HistoryEvent[] = []
  const nemesis = new Recorder(NEMESIS, (event) => {
    noted.push(event)
    observer.note(event)
  })
  const places = Array.from({ length: settings.workers }, (_, index) => `w${index + 1}`)
  const hasAllForms = faultsOf(scheme)?.hasAllForms ?? true
  const needs = needsOf(scheme, settings.faults)
  await using resource = await makeResource(settings.resource, folder)
  await using environment = await openEnvironment(scheme, { ...settings, places, needs })
  const namespace = await environment.namespaceLike(`lab-${seed}-${Date.now().toString(36)}`)
  await preflight(lock, { storeUrl: environment.urlFor(), namespace, ttlMs })
  const order = { ...resource.place, lock, namespace, ttlMs, guard, mutexesOnly: !hasAllForms, loops: LOOPS }
  const pool = new WorkerPool({ places, folder, seed, order, nemesis, environment })
  const endAll = (): void => pool.killAll()
  process.once('exit', endAll)
  const lastPath = join(folder, `${LAST}.ndjson`)
  let late: readonly string[]
  try {
    await pool.start()
    observer.phase('storm', settings.forMs)
    await storm(settings, environment, pool, nemesis)
    observer.phase('calm', calmMs(scheme, ttlMs))
    await sleep(calmMs(scheme, ttlMs), undefined, { signal: pool.failed }).catch(() => undefined)
    pool.assertNobodyDied()
    observer.phase('finish')
    late = await pool.sendHome()
    observer.phase('last')
    const own = { process: LAST, storeUrl: environment.urlFor(), namespace, ttlMs }
    await obtainEverything(lock, own, lastPath, { forms: formsOf(scheme), waitMs: graceMs(scheme, ttlMs) })
  } finally {
    pool.killAll()
    process.removeListener('exit', endAll)
  }
  observer.phase('judge')
  const histories = readHistories([...pool.histories, { path: lastPath, mayBeTorn: false }])
  const events = byTime([...noted, ...histories, ...(await resource.events())])
  const tells = pool.posts.every((post) => post.tells)
  return { events, verdict: verdictOf(settings, events, tells, late) }
}

async function storm(
  settings: Settings,
  environment: Environment,
  pool: WorkerPool,
  recorder: Recorder,
): Promise<void> {
  const { scheme, faults: names, forMs, seed, ttlMs } = settings
  const faults = names.flatMap((name) => faultNamed(scheme, name) ?? [])
  const over = AbortSignal.any([AbortSignal.timeout(forMs), pool.failed])
  const calm = (): Promise<void> => pool.calm()
  await torment({ faults, random: new Random(seed), ttlMs, environment, posts: pool.posts, recorder, calm }, over)
}

/** A new client acquires every lock, one after the other, and leaves nothing behind. */
async function obtainEverything(
  lock: LockChoice,
  own: Omit<ContenderOptions, 'notes'>,
  historyPath: string,
  { forms, waitMs }: { readonly forms: readonly Form[]; readonly waitMs: number },
): Promise<void> {
  const log = new EventLog(own.process, historyPath)
  // The driver's own process, too, may not be run for a while.
  const unwatch = watchClock(log.recorder)
  try {
    const contender = await openContender(lock, { ...own, notes: log.notes })
    try {
      for (const form of forms) await obtain(contender, log, form, waitMs)
      const leftovers = await contender.leftovers?.(forms)
      if (leftovers !== undefined) log.recorder.signal('leftovers', '', leftovers)
    } finally {
      // What stays open would keep the driver alive for ever.
      await contender.close()
    }
  } finally {
    unwatch()
    log.close()
  }
}

async function obtain(contender: Contender, log: EventLog, form: Form, waitMs: number): Promise<void> {
  const { k, mode, weight, capacity } = form
  const acquiring = log.recorder.call('acquire', k, { mode, weight, capacity, must: true })
  try {
    const grant = await contender.acquire(form, waitMs)
    log.granted(acquiring, k, grant)
    const releasing = log.recorder.call('release', k, { token: String(grant.token) })
    releasing.ok({ outcome: await grant.release() })
  } catch (error) {
    acquiring.fail(error)
  }
}
