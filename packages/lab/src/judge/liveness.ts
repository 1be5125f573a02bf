/**
 * A: after healing every wait ends with a grant; no wait is forgotten; and in a time without faults a lock does not
 * stand free for longer than the allowance while somebody waits for it, and nobody loses one.
 */
import { byName, type Hold, milliseconds, type Moment, type Operation, type Record } from './record.ts'
import type { Violation } from './violation.ts'

export interface Liveness {
  /** How long a lock may stand free although somebody waits, after healing. */
  readonly freeNs: number
}

export function checkLiveness({ operations, moments, holds, lengthNs }: Record, { freeNs }: Liveness): Violation[] {
  const faults = moments.filter((moment) => moment.f === 'nemesis')
  const crashed = new Set(
    faults.filter(({ in: { kind } }) => kind === 'crash').map(({ in: { target } }) => String(target)),
  )
  const healedNs = healedAt(faults)
  const waits = operations.filter((operation) => operation.f === 'acquire' && !crashed.has(operation.p))
  const held = byName(holds)
  const quietNs = healedNs + freeNs
  const running = moments.filter((moment) => moment.f === 'lost' && !crashed.has(moment.p))
  return [
    ...running.filter((moment) => faults.length > 0 && moment.atNs > quietNs).map(lostForNothing),
    ...waits.filter((wait) => wait.endNs === Number.POSITIVE_INFINITY && wait.outcome === 'info').map(forgotten),
    ...waits
      .filter((wait) => wait.callNs >= healedNs && wait.outcome === 'fail' && wait.in['must'] === true)
      .map(unobtainable),
    ...[...byName(waits)].flatMap(([name, all]) =>
      idle(all, held.get(name) ?? [], { fromNs: healedNs, toNs: lengthNs, freeNs }),
    ),
  ]
}

function healedAt(faults: readonly Moment[]): number {
  if (faults.length === 0) return 0
  return faults.findLast(({ in: { kind } }) => kind === 'heal')?.atNs ?? Number.POSITIVE_INFINITY
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

/** Walks over the gaps between holds; each must be short, or nobody must have waited through it. */
function idle(waits: readonly Operation[], holds: readonly Hold[], { fromNs, toNs, freeNs }: Calm): Violation[] {
  const found: Violation[] = []
  let freeSinceNs = fromNs
  for (const { fromNs: takenNs, toNs: freedNs } of [
    ...holds.toSorted((a, b) => a.fromNs - b.fromNs),
    { fromNs: toNs, toNs },
  ]) {
    if (takenNs - freeSinceNs > freeNs) {
      const waiting = waits.find(
        ({ callNs, endNs }) => Math.min(endNs, takenNs) - Math.max(callNs, freeSinceNs) > freeNs,
      )
      if (waiting !== undefined) {
        const text = `nobody held the lock for ${milliseconds(takenNs - freeSinceNs)} while ${waiting.p} waited`
        found.push({ property: 'A', p: waiting.p, k: waiting.k, atNs: freeSinceNs, text })
      }
    }
    freeSinceNs = Math.max(freeSinceNs, freedNs)
  }
  return found
}
