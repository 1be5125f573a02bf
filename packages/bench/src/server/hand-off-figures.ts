/** How a lock went from waiter to waiter, from what each process saw of its own holds. */
import type { Figure } from '../figure.ts'
import { jain, median, percentile } from '../statistics.ts'
import type { HandOffPart } from './hand-off-worker.ts'

interface Shape {
  /** What the engine's work is made of: see round-trip.ts. */
  readonly unit: string
  readonly sentMax?: number
  /** In units. */
  readonly p50Max: number
  readonly seconds: number
  readonly isOurs: boolean
  /** Waiters of one process. */
  readonly each: number
}

export function handOffFigures(
  where: string,
  parts: readonly HandOffPart[],
  { unit, sentMax, p50Max, seconds, isOurs, each }: Shape,
): readonly Figure[] {
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
      what: `${where}: requests per hand-off`,
      unit: '',
      value: sum((part) => part.sent) / holds.length,
      ...(sentMax === undefined ? {} : target({ atMost: sentMax })),
    },
    { what: `${where}: fairness (Jain)`, unit: '', value: jain(turns), ...target({ atLeast: 0.99 }) },
    {
      what: `${where}: p50 in ${unit}s`,
      unit: '',
      value: (median(gapsMs) * 1000) / roundTripUs,
      ...target({ atMost: p50Max }),
    },
    { what: `${where}: p50`, unit: 'ms', value: median(gapsMs) },
    { what: `${where}: p99`, unit: 'ms', value: percentile(gapsMs, 0.99) },
    { what: `${where}: ${unit}`, unit: 'ms', value: roundTripUs / 1000 },
    {
      what: `${where}: ${unit}, idle`,
      unit: 'ms',
      value: median(parts.flatMap((part) => part.idleRoundTripsUs)) / 1000,
    },
    { what: `${where}: longest wait`, unit: 'ms', value: Math.max(...waitsMs) },
    { what: `${where}: CPU per hand-off`, unit: 'ms', value: sum((part) => part.cpuMs) / holds.length },
    { what: `${where}: overlaps`, unit: '', value: gapsMs.filter((gap) => gap < 0).length, ...target({ atMost: 0 }) },
  ]
}
