/**
 * Two programs compared in one process: they take turns in short slices, so that whatever disturbs the machine meets
 * both, and each round yields one ratio. The reference runs twice; it against itself is the noise.
 */
import { cpuMs, nowMs, sleep } from './clock.ts'
import type { Range } from './figure.ts'
import { median, percentile } from './statistics.ts'

export interface Contestant {
  /** One acquire and one release; `turn` counts up. */
  pair(turn: number): void | Promise<void>
}

/** What one contestant did in one slice. */
export interface Slice {
  readonly pairs: number
  readonly pairsPerSecond: number
  readonly cpuMs: number
  readonly latenciesUs: Float64Array
}

export const SLICE_MS = 150
/** Between slices: time to finish the last pair, and for the others to be done too. */
const GAP_MS = 30
/** The first rounds warm up the compiler and the files. */
const WARM_UP_ROUNDS = 3
const MEASURED_ROUNDS_MIN = 5

export function roundsIn(seconds: number, contestants: number): number {
  const roundMs = contestants * (SLICE_MS + GAP_MS)
  return WARM_UP_ROUNDS + Math.max(MEASURED_ROUNDS_MIN, Math.round((seconds * 1000) / roundMs))
}

/** Slices by round and contestant. Processes that are given the same start run the same contestant at the same time. */
export async function takeTurns(
  contestants: readonly Contestant[],
  rounds: number,
  startAtMs: number,
): Promise<readonly (readonly Slice[])[]> {
  const played: Slice[][] = []
  let startsMs = startAtMs
  for (let round = 0; round < rounds; round += 1) {
    const slices: Slice[] = []
    for (let place = 0; place < contestants.length; place += 1) {
      // Every second round backwards, so that nobody always comes after the same one.
      const index = round % 2 === 0 ? place : contestants.length - 1 - place
      const contestant = contestants[index]
      if (contestant === undefined) continue
      await sleep(Math.max(0, startsMs - nowMs()))
      slices[index] = await play(contestant, startsMs + SLICE_MS)
      startsMs += SLICE_MS + GAP_MS
    }
    if (round >= WARM_UP_ROUNDS) played.push(slices)
  }
  return played
}

async function play(contestant: Contestant, untilMs: number): Promise<Slice> {
  const latenciesUs: number[] = []
  const cpuBeforeMs = cpuMs()
  const startedMs = nowMs()
  let before = startedMs
  for (let turn = 0; before < untilMs; turn += 1) {
    const done = contestant.pair(turn)
    if (done !== undefined) await done
    const after = nowMs()
    latenciesUs.push((after - before) * 1000)
    before = after
  }
  const pairs = latenciesUs.length
  return {
    pairs,
    // By the time that passed: the last pair may have ended long after the slice.
    pairsPerSecond: pairs === 0 ? 0 : (pairs * 1000) / (before - startedMs),
    cpuMs: cpuMs() - cpuBeforeMs,
    latenciesUs: Float64Array.from(latenciesUs),
  }
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
      }
    }),
  )
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

/** Contestant 1 against contestant 0, and beside it contestant 2, which is contestant 0 again. */
export function compared(
  rounds: readonly (readonly Slice[])[],
  measure: (slice: Slice) => number,
): { readonly value: number; readonly noise: Range } {
  const noise = ratios(rounds, 2, measure)
  return {
    value: median(ratios(rounds, 1, measure)),
    noise: { low: percentile(noise, 0.1), high: percentile(noise, 0.9) },
  }
}

export const msPerPair = ({ pairsPerSecond }: Slice): number => 1000 / pairsPerSecond
export const cpuPerPair = (slice: Slice): number => slice.cpuMs / slice.pairs
export const latencyAt =
  (share: number) =>
  ({ latenciesUs }: Slice): number =>
    percentile(latenciesUs, share)

/** Over all rounds of one contestant. */
export function pooledLatenciesUs(rounds: readonly (readonly Slice[])[], index: number): readonly number[] {
  return rounds.flatMap((slices) => [...(slices[index]?.latenciesUs ?? [])])
}

export function pairsPerSecond(rounds: readonly (readonly Slice[])[], index: number): number {
  return median(rounds.map((slices) => slices[index]?.pairsPerSecond ?? 0))
}
