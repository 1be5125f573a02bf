/** The figures of programs that took turns at uncontended pairs; the first is the reference, and so is the third. */
import type { Figure, Target } from '../figure.ts'
import {
  compared,
  cpuPerPair,
  gainedPerPair,
  latencyAt,
  medianOf,
  pairsPerSecond,
  pooledLatenciesUs,
  type Slice,
} from '../slices.ts'
import { percentile } from '../statistics.ts'

export interface PairCell {
  readonly entrants: readonly { readonly name: string }[]
  /** Names of those that have targets. */
  readonly ours: ReadonlySet<string>
  readonly inFlight: number
}

type Played = readonly (readonly Slice[])[]

const AGAIN = 2
const COMMANDS = { atMost: 2 }

export function pairFigures({ entrants, ours, inFlight }: PairCell, played: Played): readonly Figure[] {
  const each = entrants.flatMap(({ name }, index) => (index === AGAIN ? [] : [{ name, index }]))
  return each.flatMap(({ name, index }) => {
    const what = `${inFlight} in flight, ${name}`
    const isOurs = ours.has(name)
    // The reference's ratios are those of its second turn to its first.
    const ratios = ratiosOf(what, played, index === 0 ? AGAIN : index, isOurs ? targetsAt(inFlight) : {})
    return [...ratios, ...absolutesOf(what, played, index, isOurs ? COMMANDS : undefined)]
  })
}

interface Targets {
  readonly pairsPerSecond?: Target
  readonly p50?: Target
  readonly clientCpu?: Target
  readonly serverCpu?: Target
}

function targetsAt(inFlight: number): Targets {
  const cpu = { clientCpu: { atMost: 1.25 }, serverCpu: { atMost: 1.3 } }
  return inFlight === 1 ? { ...cpu, p50: { atMost: 1.2 } } : { pairsPerSecond: { atLeast: 1.8 } }
}

function ratiosOf(what: string, played: Played, index: number, targets: Targets): readonly Figure[] {
  const ratio = (name: string, measure: (slice: Slice) => number, target?: Target): Figure => ({
    what: `${what}: ${name}`,
    unit: '×',
    ...compared(played, measure, index),
    ...(target !== undefined && { target }),
  })
  return [
    ratio('pairs per second, ratio', (slice) => slice.pairsPerSecond, targets.pairsPerSecond),
    ratio('p50, ratio', latencyAt(0.5), targets.p50),
    ratio('p99, ratio', latencyAt(0.99)),
    ratio('client CPU, ratio', cpuPerPair, targets.clientCpu),
    ratio('server CPU, ratio', gainedPerPair('serverCpuMs'), targets.serverCpu),
  ]
}

function absolutesOf(what: string, played: Played, index: number, commands: Target | undefined): readonly Figure[] {
  const latencies = pooledLatenciesUs(played, index)
  const us = (measure: (slice: Slice) => number): number => 1000 * medianOf(played, index, measure)
  const sent = medianOf(played, index, gainedPerPair('sent'))
  return [
    { what: `${what}: pairs per second`, unit: '/s', value: pairsPerSecond(played, index) },
    { what: `${what}: p50`, unit: 'µs', value: percentile(latencies, 0.5) },
    { what: `${what}: p99`, unit: 'µs', value: percentile(latencies, 0.99) },
    { what: `${what}: client CPU`, unit: 'µs', value: us(cpuPerPair) },
    { what: `${what}: server CPU`, unit: 'µs', value: us(gainedPerPair('serverCpuMs')) },
    { what: `${what}: commands sent`, unit: '', value: sent, ...(commands !== undefined && { target: commands }) },
    { what: `${what}: commands carried out`, unit: '', value: medianOf(played, index, gainedPerPair('executed')) },
  ]
}
