/**
 * Hours of runs, one round after the other, each with a seed of its own. What was done is kept after every round, so an
 * interrupted soak goes on where it was; a round that was held leaves no files, any other leaves all of them.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { storeOf } from '../options.ts'
import { writeFiles } from '../report/files.ts'
import { playRun } from '../run.ts'
import type { Settings } from '../settings.ts'
import { type Common, keep, livedMs, type Round, type SoakState } from './state.ts'

export interface SoakOptions {
  readonly folder: string
  readonly hours: number
  /** Where it goes on. */
  readonly from: SoakState
  readonly onRound: (round: Round) => void
}

const HOUR_MS = 3_600_000
/** A lab that cannot work at all must not spend the hours on trying. */
const FRUITLESS_MAX = 3

export async function soak({ folder, hours, from, onRound }: SoakOptions): Promise<SoakState> {
  mkdirSync(folder, { recursive: true })
  let state = from
  while (livedMs(state.rounds) < hours * HOUR_MS) {
    const round = await playRound(state.common, folder, state.common.seed + state.rounds.length)
    state = { ...state, rounds: [...state.rounds, round] }
    keep(folder, state)
    onRound(round)
    const last = state.rounds.slice(-FRUITLESS_MAX)
    if (last.length === FRUITLESS_MAX && last.every(({ grants }) => grants === 0)) {
      throw new Error(`${FRUITLESS_MAX} rounds in a row ended without a grant: ${round.text}`)
    }
  }
  return state
}

async function playRound(common: Common, folder: string, seed: number): Promise<Round> {
  const out = join(folder, `round-${seed}`)
  // Left by a soak that was interrupted in this round.
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out)
  const settings: Settings = { ...common, ...storeOf(`${common.scheme}:`, out), seed, out, lock: { kind: 'holdfast' } }
  const startedAt = new Date().toISOString()
  const startMs = performance.now()
  const tookMs = (): number => Math.round(performance.now() - startMs)
  try {
    const { verdict, events } = await playRun(settings)
    const { result, text, grants, refusals, operations, faults } = verdict
    if (result === 'held') rmSync(out, { recursive: true, force: true })
    else writeFiles(settings, verdict, events)
    return { seed, startedAt, result, text, tookMs: tookMs(), grants, refusals, operations, faults }
  } catch (error) {
    // A round that came to nothing is told as such and does not end the others.
    const text = `Could not judge: ${error instanceof Error ? error.message : String(error)}`
    const nothing = { grants: 0, refusals: 0, operations: 0, faults: [] }
    return { seed, startedAt, result: 'notJudged', text, tookMs: tookMs(), ...nothing }
  }
}
