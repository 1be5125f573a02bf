/**
 * Expiry without an engine's clock. Each claim has a beat, which changes with every renewal, and a span, its life. A
 * process that sees a (claim, beat) for the first time counts the span from then on its own monotonic clock, so no clocks
 * are compared: only their rates must agree. Known from DynamoDB's and Kubernetes' lock clients; the claim itself counts
 * from before it wrote, which is earlier than any other process can have seen it. See docs/protocols/records.md.
 */
import type { Line, LineClaim } from '../../line/line.ts'

/** How much the rates of two clocks may differ. */
const DRIFT_SHARE = 0.01
const MARGIN_MS = 5
/** Resources whose beats are remembered; one that was forgotten is observed anew, which only makes a dead holder last longer. */
const RESOURCES_MAX = 10_000

export interface Beat {
  readonly beat: number
  readonly spanMs: number
}

interface Sight extends Beat {
  readonly atMs: number
}

export class Observations {
  readonly #byResource = new Map<string, ReadonlyMap<string, Sight>>()

  /** The line with the moment at which each claim ends, by this process's first sight of its beat. `seenAtMs` is after the read was sent. */
  observe(resource: string, line: Line, beats: readonly Beat[], seenAtMs: number): Line {
    const known = this.#byResource.get(resource)
    const sights = new Map<string, Sight>()
    const claims = line.claims.map((claim, index): LineClaim => {
      const { beat, spanMs } = beats[index] ?? { beat: 0, spanMs: 0 }
      const before = known?.get(claim.id)
      const sight = before?.beat === beat && before.spanMs === spanMs ? before : { beat, spanMs, atMs: seenAtMs }
      sights.set(claim.id, sight)
      const endsAtMs = sight.atMs + spanMs * (1 + DRIFT_SHARE) + MARGIN_MS
      return claim.endsAtMs === endsAtMs ? claim : { ...claim, endsAtMs }
    })
    this.#remember(resource, sights)
    return { ...line, claims }
  }

  /** The beats of a line that is about to be written: a claim that was changed beats, the others keep theirs. */
  beatsOf(resource: string, before: Line, after: Line, nowMs: number): readonly Beat[] {
    const known = this.#byResource.get(resource)
    const unchanged = new Set<LineClaim>(before.claims)
    return after.claims.map((claim) => {
      const sight = known?.get(claim.id)
      if (sight !== undefined && unchanged.has(claim)) return { beat: sight.beat, spanMs: sight.spanMs }
      return { beat: (sight?.beat ?? 0) + 1, spanMs: Math.max(0, Math.ceil(claim.endsAtMs - nowMs)) }
    })
  }

  #remember(resource: string, sights: ReadonlyMap<string, Sight>): void {
    this.#byResource.delete(resource)
    if (sights.size === 0) return
    this.#byResource.set(resource, sights)
    if (this.#byResource.size <= RESOURCES_MAX) return
    for (const oldest of this.#byResource.keys()) {
      this.#byResource.delete(oldest)
      return
    }
  }
}
