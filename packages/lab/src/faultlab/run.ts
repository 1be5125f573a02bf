/** One run: workers, faults, healing, a calm, every lock obtained once more, and then the judge. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../simulation/random.ts'
import { byTime, type HistoryEvent, Recorder } from '../timeline/history.ts'
import { graceMs } from './expectations.ts'
import { faultsOf } from './faults/catalogue.ts'
import type { Fault } from './faults/fault.ts'
import { torment } from './faults/nemesis.ts'
import { readHistories } from './history/read-histories.ts'
import { LOOPS, type Settings } from './settings.ts'
import { Team } from './team.ts'
import { Diary } from './traffic/diary.ts'
import type { Contender } from './traffic/contender.ts'
import { openContender } from './traffic/open-contender.ts'
import { wholeForms } from './traffic/order.ts'
import { createResource, resourceEvents } from './traffic/resource.ts'
import { type LabVerdict, verdictOf } from './verdict.ts'

export interface Played {
  readonly events: readonly HistoryEvent[]
  readonly verdict: LabVerdict
}

/** After healing everybody goes on for a while, so that a lock that stays stuck shows. */
const CALM_MS_MIN = 2_000
const CALM_TTLS = 3
/** The driver's own names in the history. */
const NEMESIS = 'nemesis'
const LAST = 'last'

/** No worker outlives the driver, however that ends. */
export async function playRun(settings: Settings): Promise<Played> {
  const { out, ttlMs, seed, guard, lock, storeUrl } = settings
  const folder = join(out, 'processes')
  mkdirSync(folder)
  const resourcePath = join(folder, 'resource.db')
  const lastPath = join(folder, `${LAST}.ndjson`)
  createResource(resourcePath)
  const noted: HistoryEvent[] = []
  const nemesis = new Recorder(NEMESIS, (event) => void noted.push(event))
  const namespace = `lab-${seed}-${Date.now().toString(36)}`
  const order = { lock, storeUrl, namespace, resourcePath, ttlMs, guard, loops: LOOPS }
  const team = new Team({ size: settings.workers, folder, seed, order, nemesis })
  const endAll = (): void => team.killAll()
  process.once('exit', endAll)
  try {
    await team.start()
    await storm(settings, team, nemesis)
    await sleep(Math.max(CALM_MS_MIN, ttlMs * CALM_TTLS))
    await team.sendHome()
    const diary = new Diary(LAST, lastPath)
    const contender = await openContender(lock, { process: LAST, storeUrl, namespace, ttlMs, notes: diary.notes })
    await obtainEverything(contender, diary, graceMs(settings.scheme, ttlMs))
    diary.close()
  } finally {
    team.killAll()
    process.removeListener('exit', endAll)
  }
  const events = byTime([...noted, ...readHistories([...team.historyPaths, lastPath]), ...resourceEvents(resourcePath)])
  return {
    events,
    verdict: verdictOf(
      settings,
      events,
      team.posts.every(({ tells }) => tells),
    ),
  }
}

async function storm(settings: Settings, team: Team, recorder: Recorder): Promise<void> {
  const { scheme, faults, forMs, seed, ttlMs, storeUrl } = settings
  const known = faultsOf(scheme)?.faults
  const chosen = faults.flatMap((name): Fault[] => {
    const fault = known?.get(name)
    return fault === undefined ? [] : [fault]
  })
  const over = AbortSignal.timeout(forMs)
  const calm = (): Promise<void> => team.calm()
  await torment({ faults: chosen, random: new Random(seed), ttlMs, storeUrl, posts: team.posts, recorder, calm }, over)
}

/** Somebody who was not there before gets every lock, one after the other, and leaves nothing behind. */
async function obtainEverything(contender: Contender, diary: Diary, waitMs: number): Promise<void> {
  for (const form of wholeForms) {
    const { k, mode, weight, capacity } = form
    const acquiring = diary.recorder.call('acquire', k, { mode, weight, capacity, must: true })
    try {
      const grant = await contender.acquire(form, waitMs)
      diary.granted(acquiring, k, grant)
      const releasing = diary.recorder.call('release', k, { token: String(grant.token) })
      releasing.ok({ outcome: await grant.release() })
    } catch (error) {
      acquiring.fail(error)
    }
  }
  const leftovers = await contender.leftovers?.(wholeForms)
  if (leftovers !== undefined) diary.recorder.signal('leftovers', '', leftovers)
  await contender.close()
}
