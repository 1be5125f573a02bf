/** What a suite answers: named figures, each beside its target and the noise of the measurement itself. */

export interface Figure {
  readonly what: string
  readonly value: number
  /** `×` for a ratio. */
  readonly unit: string
  /** The same ratio of the reference program against a second copy of itself, 10th to 90th percentile of the rounds. */
  readonly noise?: Range
  readonly target?: Target
}

export interface Range {
  readonly low: number
  readonly high: number
}

export type Target = { readonly atMost: number } | { readonly atLeast: number }

export interface Suite {
  readonly name: string
  /** Suites of one group can be asked for by its name. */
  readonly group?: string
  readonly about: string
  run(settings: Settings): Promise<readonly Figure[]>
}

export interface Settings {
  /** How long each measurement lasts. */
  readonly seconds: number
  /** Small crowds and as few rounds as can be: to see that everything runs. The figures mean nothing. */
  readonly quick: boolean
}

const QUICK_SHARE = 0.01

/** A number of names, waiters or leases, as large as these settings want it; at least 4. */
export function sizeOf(full: number, { quick }: Pick<Settings, 'quick'>): number {
  return quick ? Math.max(4, Math.round(full * QUICK_SHARE)) : full
}

/** A number of rounds. */
export function roundsOf(full: number, { quick }: Pick<Settings, 'quick'>): number {
  return quick ? 1 : full
}

/** What a suite needs cannot be had here. The message says why, for the person who reads the tables. */
export class SuiteSkipped extends Error {}

export function isMet({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast
}
