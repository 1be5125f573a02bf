/** Renewals of several lines on an engine that changes each line alone: a line that cannot be changed fails alone. */
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { RenewAnswer, Standing } from '../../store/standing.ts'
import type { Renewal } from '../../store/store.ts'

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
