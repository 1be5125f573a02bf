/** What `npm run mutants` is asked for: which mutants, and the seed of the checks that are random. */
import { readCommandLine, UsageError } from '@holdfast/testbed/command-line'

export const HELP = `npm run mutants -- [--seed N] [part of a name …]

  --seed N  the seed of random checks, a whole number (1): another one tells whether they found a mutant by luck

Without a part of a name every mutant is tried; with some, those whose name contains one of them.`

export interface MutantChoice {
  readonly seed: number
  readonly isHelpAsked: boolean
  isChosen(name: string): boolean
}

const SEED_DEFAULT = '1'

export function readChoice(argv: readonly string[]): MutantChoice {
  const { values, words, isHelpAsked } = readCommandLine(argv, { seed: 'text' })
  const text = values.seed ?? SEED_DEFAULT
  const seed = Number(text)
  if (!Number.isInteger(seed)) throw new UsageError(`--seed must be a whole number, not ${text}`)
  return { seed, isHelpAsked, isChosen: (name) => words.length === 0 || words.some((part) => name.includes(part)) }
}
