/** Renewals of several claims: a line that cannot be read or changed fails alone. */
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { type ClaimState, type LineStep, renewInLine } from '../../line/transition.ts'
import type { RenewAnswer, Standing } from '../../store/standing.ts'
import type { Renewal } from '../../store/store.ts'
import type { RecordChange } from './engine.ts'
import { Transaction } from './transaction.ts'

/** `tried`: what is under way for each in a shorter way; what comes to nothing, or is missing, is renewed with its line. */
export async function renewEachLine(
  renewals: readonly Renewal[],
  tried: readonly (Promise<Standing | undefined> | undefined)[],
  renewLine: (group: readonly Renewal[]) => Promise<readonly RenewAnswer[]>,
): Promise<readonly RenewAnswer[]> {
  const answers = new Map<Renewal, RenewAnswer>()
  const answer = async (group: readonly Renewal[], answering: Promise<readonly RenewAnswer[]>): Promise<void> => {
    const answered = await answering.catch((error: unknown) => group.map(() => ownAnswer(error)))
    group.forEach((renewal, index) => answers.set(renewal, answered[index] ?? unanswered))
  }
  const alone = renewals.map((renewal, index) => {
    const standing = tried[index]
    return (
      standing &&
      answer(
        [renewal],
        standing.then((found) => (found ? [found] : renewLine([renewal]))),
      )
    )
  })
  const others = renewals.filter((_, index) => tried[index] === undefined)
  const groups = Map.groupBy(others, ({ ref }) => ref.resource).values()
  await Promise.all([...alone, ...[...groups].map((group) => answer(group, renewLine(group)))])
  return renewals.map((renewal) => answers.get(renewal) ?? unanswered)
}

const unanswered = new OutcomeUnknown('renew: the engine did not answer for this claim')

/** A line that could not be changed is the answer for its claims, and the others have theirs. */
function ownAnswer(error: unknown): RenewAnswer {
  if (error instanceof NotApplied || error instanceof OutcomeUnknown || error instanceof StoreUnavailable) return error
  throw error
}

/** In one change of their lines. */
export function renewTogether(
  change: RecordChange,
  renewals: readonly Renewal[],
  standing: (step: LineStep<ClaimState>, id: string) => Standing,
): readonly RenewAnswer[] {
  const transaction = new Transaction(change)
  const answers = renewals.map(({ ref, ttlMs, note, outlives }): RenewAnswer => {
    const { resource, id } = ref
    try {
      return standing(
        transaction.apply(resource, id, (line, now) => renewInLine(line, ref, ttlMs, note, now, outlives)),
        id,
      )
    } catch (error) {
      // One damaged line is not the end of the others.
      if (error instanceof StoreUnavailable) return error
      throw error
    }
  })
  transaction.write()
  return answers
}
