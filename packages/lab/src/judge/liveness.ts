/**
 * A: after healing every wait ends with a grant; no wait is forgotten; and in a time without faults a lock does not
 * stand free for longer than the allowance while a client waits for it, and no client loses a lease.
 */
import { Pauses } from './pauses.ts'
import {
  byName,
  DEAD_ON_ARRIVAL,
  type Hold,
  milliseconds,
  type Moment,
  type Operation,
  type Record,
  STALLED,
} from './record.ts'
import { countWhile, disjoint, type Span } from './spans.ts'
import type { Violation } from './violation.ts'

const ANYBODY = 'anybody'
/** What the nemesis writes down beside faults. */
const NO_FAULTS: ReadonlySet<unknown> = new Set(['heal', 'abandon'])

export interface Liveness {
  /** How long a lock may stand free although a client waits, after healing. */
  readonly freeNs: number
  /** How long after healing a lease may still be lost for what was done before. @default freeNs */
  readonly quietNs?: number
}

export function checkLiveness(record: Record, { freeNs, quietNs = freeNs }: Liveness): Violation[] {
  const { operations, moments, holds, lengthNs } = record
  const faults = moments.filter((moment) => moment.f === 'nemesis')
  const crashed = new Set(
    faults.filter(({ in: { kind } }) => kind === 'crash').map(({ in: { target } }) => String(target)),
  )
  const healedNs = healedAt(faults)
  const waits = operations.filter((operation) => operation.f === 'acquire' && !crashed.has(operation.p))
  const held = byName(holds)
  const quietFromNs = healedNs === 0 ? 0 : healedNs + quietNs
  const lost = moments.filter(({ f, p, atNs }) => f === 'lost' && !crashed.has(p) && atNs >= quietFromNs)
  const isBlamed = blamedOnMachine(record)
  return [
    ...lost.filter((moment) => !isBlamed(moment)).map(lostForNothing),
    ...waits.filter((wait) => wait.endNs === Number.POSITIVE_INFINITY && wait.outcome === 'info').map(forgotten),
    ...waits.filter((wait) => wait.callNs >= healedNs && isUnobtainable(wait)).map(unobtainable),
    ...[...byName(waits)].flatMap(([name, all]) =>
      idle(all, held.get(name) ?? [], { fromNs: healedNs, toNs: lengthNs, freeNs }),
    ),
  ]
}

/** 0 where there was nothing to heal: then all of it is a time without faults. */
function healedAt(faults: readonly Moment[]): number {
  if (faults.every(({ in: { kind } }) => NO_FAULTS.has(kind))) return 0
  return faults.findLast(({ in: { kind } }) => kind === 'heal')?.atNs ?? Number.POSITIVE_INFINITY
}

/**
 * Whether any process did not run for a while since the lease was last renewed: a machine that is too busy for a lease is no
 * fault of the lock. Any process, because the one that was kept waiting may be a server, which records nothing.
 */
function blamedOnMachine({ moments, holds }: Record): (lost: Moment) => boolean {
  const known = new Map(holds.map((hold) => [`${hold.k} ${hold.token}`, hold]))
  const stalls = new Pauses(moments.filter(({ f }) => f === STALLED).map((moment) => ({ ...moment, p: ANYBODY })))
  return ({ k, atNs, in: detail }) => {
    const hold = known.get(`${k} ${String(detail['token'])}`)
    if (hold === undefined) return false
    const { lives } = hold
    const renewedNs = lives[countWhile(lives, ({ fromNs }) => fromNs < atNs) - 1]?.fromNs ?? hold.callNs
    return stalls.disturbed(ANYBODY, renewedNs, atNs)
  }
}

/** One that was handed out too late was had; whether the process was to blame for that is asked elsewhere. */
function isUnobtainable({ outcome, code, in: { must } }: Operation): boolean {
  return outcome === 'fail' && must === true && code !== DEAD_ON_ARRIVAL
}

function forgotten({ p, k, callNs }: Operation): Violation {
  return { property: 'A', p, k, atNs: callNs, text: 'a wait never ended' }
}

function unobtainable({ p, k, callNs, endNs, code }: Operation): Violation {
  const text = `the lock could not be had within ${milliseconds(endNs - callNs)} after healing (${code ?? 'no code'})`
  return { property: 'A', p, k, atNs: endNs, text }
}

function lostForNothing({ p, k, atNs, in: detail }: Moment): Violation {
  return { property: 'A', p, k, atNs, text: `token ${String(detail['token'])} was lost although nothing was wrong` }
}

interface Calm {
  readonly fromNs: number
  readonly toNs: number
  readonly freeNs: number
}

/**
 * Walks over the gaps between holds; each must be short, or no client may have waited through it. The waits of all count
 * together: one after the other gives up before the allowance is over, and the lock stands free all the same.
 */
function idle(waits: readonly Operation[], holds: readonly Hold[], { fromNs, toNs, freeNs }: Calm): Violation[] {
  const found: Violation[] = []
  const waiting = disjoint(waits.map((wait) => ({ fromNs: wait.callNs, toNs: wait.endNs })))
  let next = 0
  let freeSinceNs = fromNs
  for (const { fromNs: takenNs, toNs: freedNs } of [
    ...holds.toSorted((a, b) => a.fromNs - b.fromNs),
    { fromNs: toNs, toNs },
  ]) {
    if (takenNs - freeSinceNs > freeNs) {
      while (next < waiting.length && (waiting[next]?.toNs ?? 0) <= freeSinceNs) next += 1
      const waitedNs = overlapping(waiting, next, { fromNs: freeSinceNs, toNs: takenNs })
      const who = waits.find(({ callNs, endNs }) => callNs < takenNs && endNs > freeSinceNs)
      if (who !== undefined && waitedNs > freeNs) {
        const text = `nobody held the lock for ${milliseconds(takenNs - freeSinceNs)} while ${who.p} and whoever came after waited for ${milliseconds(waitedNs)}`
        found.push({ property: 'A', p: who.p, k: who.k, atNs: freeSinceNs, text })
      }
    }
    freeSinceNs = Math.max(freeSinceNs, freedNs)
  }
  return found
}

function overlapping(spans: readonly Span[], from: number, { fromNs, toNs }: Span): number {
  let sumNs = 0
  for (let index = from; (spans[index]?.fromNs ?? toNs) < toNs; index += 1) {
    const span = spans[index]
    if (span !== undefined) sumNs += Math.max(0, Math.min(span.toNs, toNs) - Math.max(span.fromNs, fromNs))
  }
  return sumNs
}
