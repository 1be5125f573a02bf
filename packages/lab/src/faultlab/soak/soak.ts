/**
 * Hours of runs, one round after the other, each with a seed of its own. What was done is kept after every round, so an
 * interrupted soak goes on where it was; a round that was held leaves no files, any other leaves all of them.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { storeOf } from '../options.ts'
import { writeFiles } from '../report/files.ts'
import { playRun } from '../run.ts'
import type { Settings } from '../settings.ts'
import type { FaultCount, LabVerdict } from '../verdict.ts'

export interface Round {
  readonly seed: number
  readonly result: LabVerdict['result']
  readonly text: string
  /** From the start of the round to its verdict. */
  readonly tookMs: number
  readonly grants: number
  readonly refusals: number
  readonly operations: number
  readonly faults: readonly FaultCount[]
}

export interface SoakState {
  readonly v: 1
  readonly startedAt: string
  /** What all rounds have in common; the store is a new one in every round. */
  readonly common: Pick<
    Settings,
    'scheme' | 'persistence' | 'resource' | 'faults' | 'forMs' | 'workers' | 'seed' | 'ttlMs' | 'guard'
  >
  readonly rounds: readonly Round[]
}

export interface SoakOptions {
  readonly folder: string
  readonly hours: number
  readonly common: SoakState['common']
  readonly onRound: (round: Round, state: SoakState) => void
}

const HOUR_MS = 3_600_000
/** A lab that cannot work at all must not spend the hours on trying. */
const FRUITLESS_MAX = 3

/** What an earlier call left in the folder, if its rounds were of the same kind. */
export function earlierState(folder: string): SoakState | undefined {
  const path = join(folder, 'soak.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as SoakState) : undefined
}

export async function soak({ folder, hours, common, onRound }: SoakOptions): Promise<SoakState> {
  mkdirSync(folder, { recursive: true })
  let state = earlierState(folder) ?? { v: 1, startedAt: new Date().toISOString(), common, rounds: [] }
  while (livedMs(state) < hours * HOUR_MS) {
    const round = await playRound(state.common, folder, state.common.seed + state.rounds.length)
    state = { ...state, rounds: [...state.rounds, round] }
    keep(folder, state)
    onRound(round, state)
    const last = state.rounds.slice(-FRUITLESS_MAX)
    if (last.length === FRUITLESS_MAX && last.every(({ grants }) => grants === 0)) {
      throw new Error(`${FRUITLESS_MAX} rounds in a row ended without a grant: ${round.text}`)
    }
  }
  return state
}

export function livedMs({ rounds }: SoakState): number {
  return rounds.reduce((sum, { tookMs }) => sum + tookMs, 0)
}

async function playRound(common: SoakState['common'], folder: string, seed: number): Promise<Round> {
  const out = join(folder, `round-${seed}`)
  // Left by a soak that was interrupted in this round.
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out)
  const settings: Settings = { ...common, ...storeOf(`${common.scheme}:`, out), seed, out, lock: { kind: 'holdfast' } }
  const startMs = performance.now()
  const tookMs = (): number => Math.round(performance.now() - startMs)
  try {
    const { verdict, events } = await playRun(settings)
    const { result, text, grants, refusals, operations, faults } = verdict
    if (result === 'held') rmSync(out, { recursive: true, force: true })
    else writeFiles(settings, verdict, events)
    return { seed, result, text, tookMs: tookMs(), grants, refusals, operations, faults }
  } catch (error) {
    // A round that came to nothing is told as such and does not end the others.
    const text = `Could not judge: ${error instanceof Error ? error.message : String(error)}`
    return { seed, result: 'notJudged', text, tookMs: tookMs(), grants: 0, refusals: 0, operations: 0, faults: [] }
  }
}

/** Whole or not at all: a soak that is killed while it writes must find its state again. */
function keep(folder: string, state: SoakState): void {
  const path = join(folder, 'soak.json')
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}
