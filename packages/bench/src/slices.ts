/**
 * Two programs compared in one process: they take turns in short slices, so that whatever disturbs the machine meets
 * both, and each round yields one ratio. The reference runs twice; it against itself is the noise.
 */
import { cpuMs, nowMs, sleep } from './clock.ts'
import type { Range, Settings } from './figure.ts'
import { median, percentile } from './statistics.ts'

export interface Contestant {
  /** One acquire and one release; `turn` counts up. May resolve with the µs that count as its latency, else all of it does. */
  pair(turn: number): void | Promise<void | number>
}

/** Counters by name, of a server for example. */
export type Readings = Readonly<Record<string, number>>

/** What one contestant did in one slice. */
export interface Slice {
  readonly pairs: number
  readonly pairsPerSecond: number
  readonly cpuMs: number
  readonly latenciesUs: Float64Array
  /** What the meter's counters gained meanwhile. */
  readonly gained: Readings
}

export interface TurnOptions {
  /** Pairs under way at once. @default 1 */
  readonly inFlight?: number
  /** Is read before and after each slice, outside of its time. */
  readonly meter?: () => Promise<Readings>
}

export const SLICE_MS = 150
/** Between slices: time to finish the last pair, and for the others to be done too. */
const GAP_MS = 30
/** The first rounds warm up the compiler and the files. */
const WARM_UP_ROUNDS = 3
const MEASURED_ROUNDS_MIN = 5

export interface Rounds {
  readonly warmUp: number
  readonly measured: number
}

export function roundsIn({ seconds, quick }: Settings, contestants: number): Rounds {
  if (quick) return { warmUp: 0, measured: 1 }
  const roundMs = contestants * (SLICE_MS + GAP_MS)
  const measured = Math.max(MEASURED_ROUNDS_MIN, Math.round((seconds * 1000) / roundMs))
  return { warmUp: WARM_UP_ROUNDS, measured }
}

/** Slices by round and contestant. Processes that are given the same start run the same contestant at the same time. */
export async function takeTurns(
  contestants: readonly Contestant[],
  { warmUp, measured }: Rounds,
  startAtMs: number,
  options: TurnOptions = {},
): Promise<readonly (readonly Slice[])[]> {
  const played: Slice[][] = []
  let startsMs = startAtMs
  for (let round = 0; round < warmUp + measured; round += 1) {
    const slices: Slice[] = []
    for (let place = 0; place < contestants.length; place += 1) {
      // Every second round backwards, so that no subject always comes after the same one.
      const index = round % 2 === 0 ? place : contestants.length - 1 - place
      const contestant = contestants[index]
      if (contestant === undefined) continue
      await sleep(Math.max(0, startsMs - nowMs()))
      slices[index] = await play(contestant, startsMs + SLICE_MS, options)
      startsMs += SLICE_MS + GAP_MS
    }
    if (round >= warmUp) played.push(slices)
  }
  return played
}

async function play(contestant: Contestant, untilMs: number, { inFlight = 1, meter }: TurnOptions): Promise<Slice> {
  const before = await meter?.()
  const lanes = Array.from({ length: inFlight }, (): number[] => [])
  const cpuBeforeMs = cpuMs()
  const startedMs = nowMs()
  // A machine that is busy with other things may begin late; a slice of no pairs would be no slice.
  const endMs = Math.max(untilMs, startedMs + SLICE_MS / 2)
  const ends = await Promise.all(lanes.map((lane, first) => playLane(contestant, lane, first, inFlight, endMs)))
  const usedMs = cpuMs() - cpuBeforeMs
  const latenciesUs = Float64Array.from(lanes.flat())
  const pairs = latenciesUs.length
  return {
    pairs,
    // By the time that passed: the last pair may have ended long after the slice.
    pairsPerSecond: pairs === 0 ? 0 : (pairs * 1000) / (Math.max(...ends) - startedMs),
    cpuMs: usedMs,
    latenciesUs,
    gained: before === undefined ? {} : gainedBetween(before, (await meter?.()) ?? {}),
  }
}

/** One pair after the other; lane `first` of `step` lanes has its own turns, so that no two lanes have one at once. */
async function playLane(
  contestant: Contestant,
  latenciesUs: number[],
  first: number,
  step: number,
  untilMs: number,
): Promise<number> {
  let before = nowMs()
  for (let turn = first; before < untilMs; turn += step) {
    const done = contestant.pair(turn)
    const countedUs = done === undefined ? undefined : await done
    const after = nowMs()
    latenciesUs.push(typeof countedUs === 'number' ? countedUs : (after - before) * 1000)
    before = after
  }
  return before
}

export function gainedBetween(before: Readings, after: Readings): Readings {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]))
}

/** The slices of several processes as those of one. */
export function together(teams: readonly (readonly (readonly Slice[])[])[]): readonly (readonly Slice[])[] {
  const [first = []] = teams
  return first.map((slices, round) =>
    slices.map((_, index) => {
      const same = teams.flatMap((team) => team[round]?.[index] ?? [])
      const latencies = same.flatMap(({ latenciesUs }) => [...latenciesUs])
      return {
        pairs: same.reduce((sum, { pairs }) => sum + pairs, 0),
        pairsPerSecond: same.reduce((sum, { pairsPerSecond }) => sum + pairsPerSecond, 0),
        cpuMs: same.reduce((sum, slice) => sum + slice.cpuMs, 0),
        latenciesUs: Float64Array.from(latencies),
        gained: summed(same.map(({ gained }) => gained)),
      }
    }),
  )
}

function summed(readings: readonly Readings[]): Readings {
  const sums: Record<string, number> = {}
  for (const each of readings) {
    for (const [name, value] of Object.entries(each)) sums[name] = (sums[name] ?? 0) + value
  }
  return sums
}

/** A measure of contestant `index` over that of contestant 0, round by round. */
export function ratios(
  rounds: readonly (readonly Slice[])[],
  index: number,
  measure: (slice: Slice) => number,
): readonly number[] {
  return rounds.flatMap((slices) => {
    const [reference, other] = [slices[0], slices[index]]
    return reference === undefined || other === undefined ? [] : [measure(other) / measure(reference)]
  })
}

/** A contestant, if not said otherwise the one after the reference, against contestant 0; beside it contestant 2, which is 0 again. */
export function compared(
  rounds: readonly (readonly Slice[])[],
  measure: (slice: Slice) => number,
  index = 1,
): { readonly value: number; readonly noise: Range } {
  const noise = ratios(rounds, 2, measure)
  return {
    value: median(ratios(rounds, index, measure)),
    noise: { low: percentile(noise, 0.1), high: percentile(noise, 0.9) },
  }
}

export const msPerPair = ({ pairsPerSecond }: Slice): number => 1000 / pairsPerSecond
export const cpuPerPair = (slice: Slice): number => slice.cpuMs / slice.pairs
export const gainedPerPair =
  (name: string) =>
  ({ gained, pairs }: Slice): number =>
    (gained[name] ?? Number.NaN) / pairs
export const latencyAt =
  (share: number) =>
  ({ latenciesUs }: Slice): number =>
    percentile(latenciesUs, share)

/** Over all rounds of one contestant. */
export function pooledLatenciesUs(rounds: readonly (readonly Slice[])[], index: number): readonly number[] {
  return rounds.flatMap((slices) => [...(slices[index]?.latenciesUs ?? [])])
}

export function pairsPerSecond(rounds: readonly (readonly Slice[])[], index: number): number {
  return medianOf(rounds, index, (slice) => slice.pairsPerSecond)
}

export function medianOf(
  rounds: readonly (readonly Slice[])[],
  index: number,
  measure: (slice: Slice) => number,
): number {
  return median(rounds.map((slices) => (slices[index] === undefined ? Number.NaN : measure(slices[index]))))
}
