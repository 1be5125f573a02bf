/**
 * Which violations are excused: those that began near a fault that may break the promise, and not all of a run in which
 * such a fault was made. What shows before the first one, or when its traces must be gone, is a violation.
 */
import type { Record } from '../judge/record.ts'
import { disjoint, lastingAt, type Span } from '../judge/spans.ts'
import type { Property, Violation } from '../judge/violation.ts'
import { type Circumstances, type Excuse, excusesOf, graceMs } from './expectations.ts'
import { faultsOf } from './faults/catalogue.ts'
import { faultWindowsOf } from './faults/fault-window.ts'
import type { Settings } from './settings.ts'

type Run = Circumstances & Pick<Settings, 'ttlMs'>

export interface Excused {
  readonly excuse: Excuse
  readonly violations: readonly Violation[]
}

export class Allowances {
  readonly #windows: ReadonlyMap<Excuse, readonly Span[]>

  constructor(run: Run, record: Record) {
    this.#windows = new Map(excusesOf(run).map((excuse) => [excuse, disjoint(windowsOf(excuse, run, record))]))
  }

  /** Whether the promise may be broken at this moment. */
  covers(property: Property, atNs: number): boolean {
    return this.#excuseFor(property, { fromNs: atNs, toNs: atNs }) !== undefined
  }

  sort(all: readonly Violation[]): { readonly violations: readonly Violation[]; readonly excused: readonly Excused[] } {
    const sorted = Map.groupBy(all, ({ property, sinceNs, atNs }) =>
      this.#excuseFor(property, { fromNs: sinceNs ?? atNs, toNs: atNs }),
    )
    const excused = [...sorted].flatMap(([excuse, violations]) =>
      excuse === undefined ? [] : [{ excuse, violations }],
    )
    return { violations: sorted.get(undefined) ?? [], excused }
  }

  #excuseFor(property: Property, { fromNs, toNs }: Span): Excuse | undefined {
    for (const [excuse, windows] of this.#windows) {
      if (excuse.property === property && (lastingAt(windows, fromNs)?.fromNs ?? toNs + 1) <= toNs) return excuse
    }
    return undefined
  }
}

/** From a fault's beginning until the traces of its end are gone. */
function windowsOf(excuse: Excuse, { scheme, ttlMs }: Run, record: Record): Span[] {
  const windowsOf = (name: string): Span[] => {
    const fault = faultsOf(scheme)?.faults.get(name)
    return fault === undefined ? [] : faultWindowsOf(record, fault.begins, fault.ends)
  }
  const lastsNs = (graceMs(scheme, ttlMs) + (excuse.outlastsByTtls ?? 0) * ttlMs) * 1e6
  const windows = excuse.faults.flatMap(windowsOf).map(({ fromNs, toNs }) => ({ fromNs, toNs: toNs + lastsNs }))
  if (excuse.besides === undefined) return windows
  const others = excuse.besides.flatMap(windowsOf).map(({ fromNs, toNs }) => ({ fromNs, toNs: toNs + lastsNs }))
  // Both of them: from the moment at which the second one has begun.
  return windows.flatMap((one) => others.flatMap((other) => shared(one, other)))
}

function shared(one: Span, other: Span): Span[] {
  const fromNs = Math.max(one.fromNs, other.fromNs)
  const toNs = Math.max(one.toNs, other.toNs)
  return fromNs <= Math.min(one.toNs, other.toNs) ? [{ fromNs, toNs }] : []
}
