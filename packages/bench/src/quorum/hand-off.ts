/** How a lock that a quorum keeps goes from waiter to waiter, and what that costs its servers. */
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import { handOffFigures } from '../server/hand-off-figures.ts'
import type { HandOffJob, HandOffPart } from '../server/hand-off-worker.ts'
import type { LockerName } from '../server/open-locker.ts'
import { barePairsOf } from '../server/round-trip.ts'
import { gainedBetween } from '../slices.ts'
import { runWorkers } from '../worker-processes.ts'
import type { QuorumEngine } from './engine.ts'

const HOLD_MS = 1
const PROCESSES = 2
const QUICK_SECONDS = 0.3
const P50_MAX = 2

export const quorumHandOff = (engine: QuorumEngine): Suite => ({
  name: `${engine.scheme}-hand-off`,
  group: engine.scheme,
  about: `${engine.title}, 2, 32 and 1,000 waiters of ${PROCESSES} processes take turns on one name, hold ${HOLD_MS} ms; in bare creates and deletes, measured beside them`,
  async run(settings) {
    const figures: Figure[] = []
    for (const waiters of [2, 32, sizeOf(1_000, settings)]) {
      figures.push(...(await quorumHandOffOf(engine, 'holdfast', waiters, settings)))
    }
    return figures
  },
})

export async function quorumHandOffOf(
  engine: QuorumEngine,
  locker: LockerName,
  waiters: number,
  settings: Settings,
): Promise<readonly Figure[]> {
  const seconds = settings.quick ? QUICK_SECONDS : settings.seconds
  const each = waiters / PROCESSES
  return await engine.within(async ({ url, readings }) => {
    const jobs = Array.from({ length: PROCESSES }, () => ({ url, locker, waiters: each, holdMs: HOLD_MS, seconds }))
    const before = await readings()
    const parts = await runWorkers<HandOffJob, HandOffPart>('./server/hand-off-worker.js', jobs)
    const gained = gainedBetween(before, await readings())
    const where = `${waiters.toLocaleString('en-US')} waiters, ${locker}`
    const isOurs = locker === 'holdfast'
    const figures = handOffFigures(where, parts, { unit: 'bare pair', p50Max: P50_MAX, seconds, isOurs, each })
    if (!isOurs) return figures.filter(({ what }) => !what.endsWith('requests per hand-off'))
    const holds = parts.reduce((sum, part) => sum + part.holds.length, 0)
    const barePairs = parts.reduce((sum, part) => sum + barePairsOf(part), 0)
    return [
      ...figures.filter(({ what }) => !what.endsWith('requests per hand-off')),
      // Who waits at the end enters and leaves as well.
      ...engine.turnCosts(where, gained, holds + waiters, barePairs),
    ]
  })
}
