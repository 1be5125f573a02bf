/** What an uncontended lock costs in a SQLite file, beside the bare transactions. */
import type { Figure, Suite } from './figure.ts'
import { inFolder } from './folder.ts'
import {
  compared,
  cpuPerPair,
  latencyAt,
  msPerPair,
  pairsPerSecond,
  pooledLatenciesUs,
  type Rounds,
  roundsIn,
  type Slice,
  together,
} from './slices.ts'
import { percentile } from './statistics.ts'
import { runWorkers } from './worker-processes.ts'
import type { UncontendedJob } from './uncontended-worker.ts'

const CONTESTANTS = 3
const CELLS = [
  { durability: 'normal', processes: 1, atMost: 1.5 },
  { durability: 'normal', processes: 4, atMost: 1.5 },
  { durability: 'full', processes: 1, atMost: 1.1 },
  { durability: 'full', processes: 4, atMost: 1.1 },
] as const

type Cell = (typeof CELLS)[number]

export const uncontended: Suite = {
  name: 'uncontended',
  about: 'SQLite, acquire + release of names nobody else wants; ratios against the two bare transactions',
  async run(settings) {
    const figures: Figure[] = []
    for (const cell of CELLS) figures.push(...figuresOf(cell, await play(cell, roundsIn(settings, CONTESTANTS))))
    return figures
  },
}

function play({ durability, processes }: Cell, rounds: Rounds): Promise<readonly (readonly Slice[])[]> {
  return inFolder(async (folder) => {
    const jobs = Array.from({ length: processes }, (_, worker) => ({ folder, durability, worker, rounds }))
    return together(await runWorkers<UncontendedJob, readonly (readonly Slice[])[]>('./uncontended-worker.js', jobs))
  })
}

function figuresOf({ durability, processes, atMost }: Cell, rounds: readonly (readonly Slice[])[]): readonly Figure[] {
  const where = `${processes} process${processes > 1 ? 'es' : ''}, ${durability.toUpperCase()}`
  const p99 = (index: number): number => percentile(pooledLatenciesUs(rounds, index), 0.99)
  return [
    { what: `${where}: time per pair`, unit: '×', ...compared(rounds, msPerPair), target: { atMost } },
    { what: `${where}: p50 of a pair`, unit: '×', ...compared(rounds, latencyAt(0.5)) },
    { what: `${where}: CPU per pair`, unit: '×', ...compared(rounds, cpuPerPair) },
    { what: `${where}: p99 of a pair`, unit: 'µs', value: p99(1) },
    { what: `${where}: p99 of a pair, bare`, unit: 'µs', value: p99(0) },
    { what: `${where}: pairs per second`, unit: '/s', value: pairsPerSecond(rounds, 1) },
    { what: `${where}: pairs per second, bare`, unit: '/s', value: pairsPerSecond(rounds, 0) },
  ]
}
