/** Which faults a run makes: nothing is left out silently. One that cannot be made is an error that says why. */
import { EngineNotAvailable } from '@holdfast/testbed/engines/engine'
import type { Need } from '../environment/environment.ts'
import { UsageError } from '@holdfast/testbed/command-line'
import { faultsOf } from './catalogue.ts'
import type { Fault } from './fault.ts'
import { together } from './together.ts'

export interface FaultChoice {
  readonly scheme: string
  /** The run makes the store for itself. */
  readonly isOwn: boolean
  /** The lock under test uses the store, and not a file of its own. */
  readonly usesStore: boolean
}

export interface ChosenFaults {
  readonly names: readonly string[]
  /** In words: what `all` could not have here. */
  readonly leftOut: readonly string[]
}

const PARTS_MAX = 4

/** The fault of a name, or of several with a plus between. */
export function faultNamed(scheme: string, name: string): Fault | undefined {
  const faults = faultsOf(scheme)?.faults
  const parts = partsOf(name).flatMap((part) => faults?.get(part) ?? [])
  if (parts.length !== partsOf(name).length) return undefined
  return parts.length === 1 ? parts[0] : together(name, parts)
}

export function partsOf(name: string): readonly string[] {
  return name.split('+')
}

export function needsOf(scheme: string, names: readonly string[]): ReadonlySet<Need> {
  return new Set(names.flatMap(partsOf).flatMap((part) => faultsOf(scheme)?.faults.get(part)?.needs ?? []))
}

export async function chosenFaults(list: string | undefined, choice: FaultChoice): Promise<ChosenFaults> {
  const known = faultsOf(choice.scheme)
  if (known === undefined) throw new UsageError(`the lab knows no faults for ${choice.scheme}:`)
  if (list === undefined) {
    return { names: known.usual.filter((name) => reasonAgainst(name, choice) === undefined), leftOut: [] }
  }
  if (list.trim() === 'all') return all(choice)
  const names = [...new Set(list.split(',').map((name) => name.trim()))].filter(
    (name) => name !== '' && name !== 'none',
  )
  for (const part of new Set(names.flatMap(partsOf))) {
    const reason = reasonAgainst(part, choice) ?? (await missing(choice.scheme, part))
    if (reason !== undefined) throw new UsageError(`--faults ${part}: ${reason}`)
  }
  const crowd = names.find((name) => partsOf(name).length > PARTS_MAX)
  if (crowd !== undefined) throw new UsageError(`--faults ${crowd}: at most ${PARTS_MAX} at the same moment`)
  const needs = needsOf(choice.scheme, names)
  if (needs.has('replica') && needs.has('disk')) {
    throw new UsageError('--faults failover: not in one run with power-loss or disk-full, whose disk one server has')
  }
  return { names, leftOut: [] }
}

/** Everything that this machine and this store let us do; a failover has a run of its own where there is a disk. */
async function all(choice: FaultChoice): Promise<ChosenFaults> {
  const names: string[] = []
  const leftOut: string[] = []
  for (const name of faultsOf(choice.scheme)?.faults.keys() ?? []) {
    const reason = reasonAgainst(name, choice) ?? (await missing(choice.scheme, name))
    if (reason === undefined) names.push(name)
    else leftOut.push(`${name}: ${reason}`)
  }
  if (names.includes('failover') && needsOf(choice.scheme, names).has('disk')) {
    leftOut.push('failover: not in one run with power-loss or disk-full, whose disk one server has')
    return { names: names.filter((name) => name !== 'failover'), leftOut }
  }
  return { names, leftOut }
}

function reasonAgainst(name: string, { scheme, isOwn, usesStore }: FaultChoice): string | undefined {
  const known = faultsOf(scheme)
  const fault = known?.faults.get(name)
  if (fault === undefined) {
    const reason = known?.meaningless.get(name) ?? 'there is no such fault'
    return `${reason} (${scheme}: has ${[...(known?.faults.keys() ?? [])].join(', ')}, or none)`
  }
  // The lock under test does not use the store then, so a fault of the store or of the routes to it has no effect.
  if (!usesStore && fault.atStore) return 'the lock under test does not use the lock file'
  if (fault.hitsStore && !isOwn) {
    return `it would hit everybody who uses this store; give one that does not exist yet, or ${scheme}: alone`
  }
  return undefined
}

async function missing(scheme: string, name: string): Promise<string | undefined> {
  try {
    await faultsOf(scheme)?.faults.get(name)?.locate?.()
    return undefined
  } catch (error) {
    if (error instanceof EngineNotAvailable) return error.reason
    throw error
  }
}
