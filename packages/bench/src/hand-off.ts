/** How a lock in a SQLite file goes from process to process while many want it. */
import { join } from 'node:path'
import type { Figure, Suite } from './figure.ts'
import { inFolder } from './folder.ts'
import type { HandOffJob, HandOffPart, Hold } from './hand-off-worker.ts'
import { jain, median, percentile } from './statistics.ts'
import { runWorkers } from './worker-processes.ts'

const CELLS = [
  { waiters: 2, processes: 2, holdMs: 1 },
  { waiters: 32, processes: 4, holdMs: 1 },
  { waiters: 2, processes: 2, holdMs: 0 },
  { waiters: 32, processes: 4, holdMs: 0 },
] as const

type Cell = (typeof CELLS)[number]

export const handOff: Suite = {
  name: 'hand-off',
  about: 'SQLite, waiters in several processes take turns on one name; from release sent to the next holder running',
  async run({ seconds }) {
    const figures: Figure[] = []
    for (const cell of CELLS) figures.push(...figuresOf(cell, await play(cell, seconds), seconds))
    return figures
  },
}

function play({ waiters, processes, holdMs }: Cell, seconds: number): Promise<readonly HandOffPart[]> {
  return inFolder((folder) => {
    const job = { path: join(folder, 'locks.db'), waiters: waiters / processes, holdMs, seconds }
    return runWorkers<HandOffJob, HandOffPart>(
      './hand-off-worker.js',
      Array.from({ length: processes }, () => job),
    )
  })
}

function figuresOf(cell: Cell, parts: readonly HandOffPart[], seconds: number): readonly Figure[] {
  const holds = parts.flatMap((part) => part.holds).sort((one, other) => (one.token < other.token ? -1 : 1))
  const gaps = gapsMs(holds)
  const turns = parts.flatMap((part) => turnsOf(part, cell.waiters / cell.processes))
  const sum = (measure: (part: HandOffPart) => number): number =>
    parts.reduce((total, part) => total + measure(part), 0)
  const where = `${cell.waiters} waiters in ${cell.processes} processes, hold ${cell.holdMs} ms`
  return [
    { what: `${where}: p50`, unit: 'ms', value: median(gaps), target: { atMost: 1 } },
    { what: `${where}: p99`, unit: 'ms', value: percentile(gaps, 0.99), target: { atMost: 10 } },
    { what: `${where}: overlaps`, unit: '', value: gaps.filter((gap) => gap < 0).length, target: { atMost: 0 } },
    { what: `${where}: fairness (Jain)`, unit: '', value: jain(turns), target: { atLeast: 0.99 } },
    { what: `${where}: hand-offs per second`, unit: '/s', value: holds.length / seconds },
    { what: `${where}: rows written per hand-off`, unit: '', value: sum((part) => part.rowChanges) / holds.length },
    { what: `${where}: CPU per hand-off`, unit: 'ms', value: sum((part) => part.cpuMs) / holds.length },
  ]
}

/** Negative would mean two holders at once. */
function gapsMs(holds: readonly Hold[]): readonly number[] {
  return holds.slice(1).map((hold, index) => hold.ranAtMs - (holds[index]?.sentAtMs ?? Number.NaN))
}

function turnsOf({ holds }: HandOffPart, waiters: number): readonly number[] {
  return Array.from({ length: waiters }, (_, waiter) => holds.filter((hold) => hold.waiter === waiter).length)
}
