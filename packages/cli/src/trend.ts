/** The last minute of a line, or of all: how often it was granted, and how many waited. */

/** One bar each. */
const STEP_MS = 2_000
const STEPS = 30

interface TrendStep {
  readonly at: number
  grants: number
  waiting: number
}

export class Trend {
  /** Oldest first. The first one may be older than the window: who waited then waits until a later one says otherwise. */
  readonly #steps: TrendStep[] = []

  /** `waiting` holds until the next call. `nowMs` is monotonic. */
  note(nowMs: number, { grants, waiting }: { readonly grants: number; readonly waiting: number }): void {
    const at = Math.floor(nowMs / STEP_MS)
    const last = this.#steps.at(-1)
    if (last?.at === at) {
      last.grants += grants
      last.waiting = Math.max(last.waiting, waiting)
    } else {
      this.#steps.push({ at, grants, waiting })
    }
    while ((this.#steps[1]?.at ?? at) <= at - STEPS) this.#steps.shift()
  }

  /** Grants a step, oldest first. */
  grants(nowMs: number): readonly number[] {
    const byStep = new Map(this.#steps.map(({ at, grants }) => [at, grants]))
    return stepsUntil(nowMs).map((at) => byStep.get(at) ?? 0)
  }

  /** The longest queue a step, oldest first. */
  waiting(nowMs: number): readonly number[] {
    return stepsUntil(nowMs).map((at) => this.#steps.findLast((step) => step.at <= at)?.waiting ?? 0)
  }
}

function stepsUntil(nowMs: number): readonly number[] {
  const last = Math.floor(nowMs / STEP_MS)
  return Array.from({ length: STEPS }, (_, index) => last - STEPS + 1 + index)
}
