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
  readonly about: string
  run(settings: Settings): Promise<readonly Figure[]>
}

export interface Settings {
  /** How long each measurement lasts. */
  readonly seconds: number
}

export function isMet({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast
}
