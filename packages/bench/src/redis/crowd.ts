/** Very many waiters on one name in Redis, beside the same crowd in the barest queue. */
import { type Figure, roundsOf, type Settings, sizeOf, type Suite } from '../figure.ts'
import { median, percentile } from '../statistics.ts'
import { runWorkers } from '../worker-processes.ts'
import type { CrowdJob, CrowdResult } from '../server/crowd-worker.ts'
import type { LockerName } from '../server/open-locker.ts'
import { withServer } from './server.ts'

const WAITERS = 1_000
const HOLD_MS = 1
const WITHIN_MS = 60_000
const ROUNDS = 5

export const redisCrowd: Suite = {
  name: 'redis-crowd',
  group: 'redis',
  about: `Redis, ${WAITERS.toLocaleString('en-US')} waiters on one name, each once, hold ${HOLD_MS} ms; ratios against a bare queue`,
  async run(settings) {
    const [ours, bare, noise]: [CrowdResult[], CrowdResult[], number[]] = [[], [], []]
    for (let round = 0; round < roundsOf(ROUNDS, settings); round += 1) {
      const first = await crowdOf('bare queue', settings)
      ours.push(await crowdOf('holdfast', settings))
      const again = await crowdOf('bare queue', settings)
      bare.push(first, again)
      noise.push(again.tookMs / first.tookMs)
    }
    const ratio = median(ours.map(({ tookMs }, round) => (2 * tookMs) / pairTook(bare, round)))
    const range = { low: percentile(noise, 0.1), high: percentile(noise, 0.9) }
    return [
      { what: 'time against the bare queue', unit: '×', value: ratio, noise: range, target: { atMost: 1.2 } },
      ...crowdFigures('holdfast', ours, settings),
      ...crowdFigures('bare queue', bare, settings),
    ]
  },
}

/** The two turns of the reference before and after ours. */
function pairTook(bare: readonly CrowdResult[], round: number): number {
  return (bare[2 * round]?.tookMs ?? Number.NaN) + (bare[2 * round + 1]?.tookMs ?? Number.NaN)
}

export async function crowdOf(locker: LockerName, settings: Settings): Promise<CrowdResult> {
  const waiters = sizeOf(WAITERS, settings)
  const [result] = await withServer(({ url }) =>
    runWorkers<CrowdJob, CrowdResult>('./server/crowd-worker.js', [
      { url, locker, waiters, holdMs: HOLD_MS, withinMs: WITHIN_MS },
    ]),
  )
  if (result === undefined) throw new Error('the crowd gave no result')
  return result
}

/** Medians of several runs; the worst where one is too many. */
export function crowdFigures(
  locker: LockerName,
  results: readonly CrowdResult[],
  settings: Settings,
): readonly Figure[] {
  const of = (measure: (result: CrowdResult) => number): number => median(results.map(measure))
  const worst = (measure: (result: CrowdResult) => number): number => Math.max(...results.map(measure))
  const waiters = sizeOf(WAITERS, settings)
  const where = `${waiters.toLocaleString('en-US')} waiters once, ${locker}`
  const target = (ours: NonNullable<Figure['target']>): Pick<Figure, 'target'> =>
    locker === 'holdfast' ? { target: ours } : {}
  const served = Math.min(...results.map((result) => result.served))
  return [
    { what: `${where}: served`, unit: '', value: served, ...target({ atLeast: waiters }) },
    {
      what: `${where}: out of order`,
      unit: '',
      value: worst((result) => result.outOfOrder),
      ...target({ atMost: 0 }),
    },
    { what: `${where}: all served after`, unit: 's', value: of((result) => result.tookMs) / 1000 },
    {
      what: `${where}: commands`,
      unit: '',
      value: worst((result) => result.sent),
      ...target({ atMost: 2.1 * waiters }),
    },
    { what: `${where}: client CPU`, unit: 's', value: of((result) => result.cpuMs) / 1000 },
    { what: `${where}: longest stall`, unit: 'ms', value: worst((result) => result.stallMs) },
  ]
}
