/** What a soak keeps in its folder, and whether another call may go on with it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../settings.ts'
import { UsageError } from '@holdfast/testbed/command-line'
import type { FaultCount, LabVerdict } from '../verdict.ts'

export interface Round {
  readonly seed: number
  readonly startedAt: string
  readonly result: LabVerdict['result']
  readonly text: string
  /** From the start of the round to its verdict. */
  readonly tookMs: number
  readonly grants: number
  readonly refusals: number
  readonly operations: number
  readonly faults: readonly FaultCount[]
}

/** What all rounds have in common; the store is a new one in every round. */
export type Common = Pick<
  Settings,
  'scheme' | 'persistence' | 'resource' | 'faults' | 'forMs' | 'workers' | 'seed' | 'ttlMs' | 'guard'
>

export interface SoakState {
  readonly v: 2
  /** What every round was made on. */
  readonly commit: string
  readonly common: Common
  readonly rounds: readonly Round[]
  /** By the path of a track record: how many of the rounds, from the first, have their row in it. */
  readonly recorded: Readonly<Record<string, number>>
}

/**
 * What an earlier call left in the folder. Rounds of another commit or with other settings are never added to: a row
 * would call them all by one name.
 */
export function stateIn(folder: string, commit: string, common: Common): SoakState {
  const fresh: SoakState = { v: 2, commit, common, rounds: [], recorded: {} }
  const path = fileIn(folder)
  if (!existsSync(path)) return fresh
  const kept = read(path)
  const wayOut = 'give another --out, or delete it to begin anew'
  if (kept === undefined) throw new UsageError(`${path} is not of this version of the lab: ${wayOut}`)
  const differences = differencesBetween({ commit: kept.commit, ...kept.common }, { commit, ...common })
  if (differences.length === 0) return kept
  throw new UsageError(`${folder} holds another soak (${differences.join('; ')}): ${wayOut}`)
}

/** Whole or not at all: a soak that is killed while it writes must find its state again. */
export function keep(folder: string, state: SoakState): void {
  const path = fileIn(folder)
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}

export function livedMs(rounds: readonly Round[]): number {
  return rounds.reduce((sum, { tookMs }) => sum + tookMs, 0)
}

function fileIn(folder: string): string {
  return join(folder, 'soak.json')
}

function read(path: string): SoakState | undefined {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as SoakState
    return kept.v === 2 ? kept : undefined
  } catch {
    return undefined
  }
}

type Kind = Common & { readonly commit: string }

/** In the words of the command line. */
const words: { readonly [Name in keyof Kind]: string } = {
  commit: 'made on',
  scheme: '--store',
  persistence: '--persistence',
  resource: '--resource',
  faults: '--faults',
  forMs: '--round in ms',
  workers: 'workers',
  seed: '--seed',
  ttlMs: 'lease in ms',
  guard: 'guard',
}

function differencesBetween(kept: Kind, asked: Kind): string[] {
  const told = (value: Kind[keyof Kind]): string =>
    typeof value === 'object' ? value.join(',') || 'none' : String(value)
  return (Object.keys(words) as (keyof Kind)[])
    .filter((name) => told(kept[name]) !== told(asked[name]))
    .map((name) => `${words[name]} ${told(kept[name])}, and not ${told(asked[name])}`)
}
