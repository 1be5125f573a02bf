/** From a history to one of three answers: no violation, violated, could not judge. It never says "passed". */
import { judgeRecord } from '../judge/judge.ts'
import { readHistory, type Record } from '../judge/record.ts'
import { type Property, properties, type Violation } from '../judge/violation.ts'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { type Excused, Allowances } from './allowances.ts'
import { GRANTS_MIN, graceMs, LATE_MS, quietMs } from './expectations.ts'
import { faultsOf, formsOf } from './faults/catalogue.ts'
import { faultNamed } from './faults/choice.ts'
import { faultWindowsOf } from './faults/fault-window.ts'
import type { Settings } from './settings.ts'

export const exitCodes = { held: 0, violated: 1, notJudged: 2 } as const

export interface FaultCount {
  readonly name: string
  readonly made: number
  readonly effective: number
}

export interface LabVerdict {
  readonly result: keyof typeof exitCodes
  readonly text: string
  readonly grants: number
  readonly commits: number
  readonly refusals: number
  readonly operations: number
  readonly faults: readonly FaultCount[]
  /** Broken promises that must hold. */
  readonly violations: readonly Violation[]
  /** Broken, and the expectations say that they may be, and why. */
  readonly excused: readonly Excused[]
  /** What was not looked at, and why. */
  readonly notJudged: readonly string[]
  /** Why the history is not enough to judge. */
  readonly missing: readonly string[]
  readonly judgedInMs: number
}

/** `hindrances`: what else kept the run from showing anything. */
export function verdictOf(
  settings: Settings,
  events: readonly HistoryEvent[],
  tells: boolean,
  hindrances: readonly string[] = [],
): LabVerdict {
  const startedMs = performance.now()
  const { scheme, faults, ttlMs } = settings
  const record = readHistory(events)
  const excuses = new Allowances(settings, record)
  const found = judgeRecord(record, {
    freeNs: graceMs(scheme, ttlMs) * 1e6,
    quietNs: quietMs(scheme, ttlMs) * 1e6,
    lateNs: LATE_MS * 1e6,
    mayOverlapAt: (atNs) => excuses.covers('V', atNs),
  })
  const notJudged = blindSpots(settings, record, tells)
  const judged = found.violations.filter(({ property }) => !notJudged.has(property))
  const { violations, excused } = excuses.sort(judged)
  const counts = faults.map((name) => countOf(scheme, name, record))
  const missing = [...hindrances, ...gaps(scheme, record, counts)]
  const result = violations.length > 0 ? 'violated' : missing.length > 0 ? 'notJudged' : 'held'
  const { grants, commits, refusals } = found
  return {
    result,
    text: sentence({ result, violations, missing, grants, counts }),
    grants,
    commits,
    refusals,
    operations: record.operations.length,
    faults: counts,
    violations,
    missing,
    excused,
    notJudged: [...notJudged.values()],
    judgedInMs: Math.round(performance.now() - startedMs),
  }
}

function countOf(scheme: string, name: string, record: Record): FaultCount {
  const fault = faultNamed(scheme, name)
  if (fault === undefined) return { name, made: 0, effective: 0 }
  const windows = faultWindowsOf(record, fault.begins, fault.ends)
  return { name, made: windows.length, effective: windows.filter((window) => fault.hadEffect(window, record)).length }
}

/** Promises that this lock cannot break because it does not make them, or that this history cannot show. */
function blindSpots(settings: Settings, { operations }: Record, tells: boolean): ReadonlyMap<Property, string> {
  const spots = new Map<Property, string>()
  if (!tells) spots.set('N', 'N: this lock has no signal that could come too late')
  const isFifo = faultsOf(settings.scheme)?.isFifo !== false
  if (!isFifo) spots.set('F', 'F: this store promises no order')
  else if (!operations.some(({ f }) => f === 'enqueue')) spots.set('F', 'F: this lock tells nothing of its line')
  if (!operations.some(({ f }) => f === 'renew')) spots.set('R', 'R: no renewal was seen at the store')
  if (settings.lock.kind !== 'holdfast') spots.set('S', 'S: the store of this lock is not looked into')
  return spots
}

function gaps(scheme: string, { holds }: Record, counts: readonly FaultCount[]): string[] {
  const few = formsOf(scheme).flatMap(({ k }) => {
    const grants = holds.filter((hold) => hold.k === k).length
    return grants < GRANTS_MIN
      ? [`"${k}" was granted ${grants} times, which shows nothing; at least ${GRANTS_MIN}`]
      : []
  })
  const idle = counts.flatMap(({ name, made, effective }) =>
    effective > 0 ? [] : [`${name} was made ${made} times and had no effect: run longer, or with a longer lease`],
  )
  return [...few, ...idle]
}

interface Outcome {
  readonly result: LabVerdict['result']
  readonly violations: readonly Violation[]
  readonly missing: readonly string[]
  readonly grants: number
  readonly counts: readonly FaultCount[]
}

function sentence({ result, violations, missing, grants, counts }: Outcome): string {
  const made = counts.reduce((sum, count) => sum + count.made, 0)
  const kinds = counts.map(({ name, made, effective }) => `${name} ${made} (${effective} with effect)`).join(', ')
  const extent = `${grants} grants under ${made} faults${made === 0 ? '' : `: ${kinds}`}`
  if (result === 'notJudged') return `Could not judge: ${missing.join('; ')}. There were ${extent}.`
  if (result === 'held') return `No violation in ${extent}.`
  const letters = [...new Set(violations.map(({ property }) => property))]
  return `Violated: ${letters.map((letter) => `${letter} (${properties[letter]})`).join(' ')} In ${extent}.`
}
