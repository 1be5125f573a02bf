/** How a lock in Redis goes from waiter to waiter while many want it. */
import type { Figure, Settings, Suite } from '../figure.ts'
import { jain, median, percentile } from '../statistics.ts'
import { runWorkers } from '../worker-processes.ts'
import type { HandOffJob, HandOffPart } from './hand-off-worker.ts'
import type { LockerName } from './open-locker.ts'
import { withServer } from './server.ts'

const WAITERS = 32
const HOLD_MS = 1
const QUICK_SECONDS = 0.3
const LOCKERS = ['holdfast', 'bare queue'] as const

export const redisHandOff: Suite = {
  name: 'redis-hand-off',
  group: 'redis',
  about: `Redis, ${WAITERS} waiters take turns on one name, hold ${HOLD_MS} ms, in 1 and in 4 processes; from release sent to the next holder running`,
  async run(settings) {
    const figures: Figure[] = []
    for (const processes of [1, 4]) {
      for (const locker of LOCKERS) figures.push(...(await handOffOf(locker, processes, settings)))
    }
    return figures
  },
}

export async function handOffOf(locker: LockerName, processes: number, settings: Settings): Promise<readonly Figure[]> {
  const seconds = settings.quick ? QUICK_SECONDS : settings.seconds
  const parts = await withServer(({ url }) => {
    const job = { url, locker, waiters: WAITERS / processes, holdMs: HOLD_MS, seconds }
    return runWorkers<HandOffJob, HandOffPart>(
      './redis/hand-off-worker.js',
      Array.from({ length: processes }, () => job),
    )
  })
  const where = `${WAITERS} waiters in ${processes} process${processes > 1 ? 'es' : ''}, ${locker}`
  return figuresOf(where, parts, { seconds, isOurs: locker === 'holdfast', each: WAITERS / processes })
}

interface Shape {
  readonly seconds: number
  readonly isOurs: boolean
  /** Waiters of one process. */
  readonly each: number
}

function figuresOf(where: string, parts: readonly HandOffPart[], { seconds, isOurs, each }: Shape): readonly Figure[] {
  const holds = parts.flatMap((part) => part.holds).sort((one, other) => one.ranAtMs - other.ranAtMs)
  const gapsMs = holds.slice(1).map((hold, index) => hold.ranAtMs - (holds[index]?.sentAtMs ?? Number.NaN))
  const turns = parts.flatMap((part) =>
    Array.from({ length: each }, (_, waiter) => part.holds.filter((hold) => hold.waiter === waiter).length),
  )
  const sum = (measure: (part: HandOffPart) => number): number =>
    parts.reduce((total, part) => total + measure(part), 0)
  const roundTripUs = median(parts.flatMap((part) => part.roundTripsUs))
  const target = (ours: NonNullable<Figure['target']>): Pick<Figure, 'target'> => (isOurs ? { target: ours } : {})
  const waitsMs = holds.map(({ askedAtMs, ranAtMs }) => ranAtMs - askedAtMs)
  return [
    { what: `${where}: hand-offs per second`, unit: '/s', value: holds.length / seconds },
    {
      what: `${where}: commands per hand-off`,
      unit: '',
      value: sum((part) => part.sent) / holds.length,
      ...target({ atMost: 2.1 }),
    },
    { what: `${where}: fairness (Jain)`, unit: '', value: jain(turns), ...target({ atLeast: 0.99 }) },
    {
      what: `${where}: p50 in round trips`,
      unit: '',
      value: (median(gapsMs) * 1000) / roundTripUs,
      ...target({ atMost: 2 }),
    },
    { what: `${where}: p50`, unit: 'ms', value: median(gapsMs) },
    { what: `${where}: p99`, unit: 'ms', value: percentile(gapsMs, 0.99) },
    { what: `${where}: round trip`, unit: 'ms', value: roundTripUs / 1000 },
    {
      what: `${where}: round trip, idle`,
      unit: 'ms',
      value: median(parts.flatMap((part) => part.idleRoundTripsUs)) / 1000,
    },
    { what: `${where}: longest wait`, unit: 'ms', value: Math.max(...waitsMs) },
    { what: `${where}: CPU per hand-off`, unit: 'ms', value: sum((part) => part.cpuMs) / holds.length },
    { what: `${where}: overlaps`, unit: '', value: gapsMs.filter((gap) => gap < 0).length, ...target({ atMost: 0 }) },
  ]
}
