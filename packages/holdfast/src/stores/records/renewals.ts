/** Renewals of several lines on an engine that changes each line alone: a line that cannot be changed fails alone. */
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { RenewAnswer } from '../../store/standing.ts'
import type { Renewal } from '../../store/store.ts'

export async function renewEachLine(
  renewals: readonly Renewal[],
  renewLine: (group: readonly Renewal[]) => Promise<readonly RenewAnswer[]>,
): Promise<readonly RenewAnswer[]> {
  const answers = new Map<Renewal, RenewAnswer>()
  const groups = [...Map.groupBy(renewals, ({ ref }) => ref.resource).values()]
  await Promise.all(
    groups.map(async (group) => {
      const answered = await renewLine(group).catch((error: unknown) => group.map(() => ownAnswer(error)))
      group.forEach((renewal, index) => answers.set(renewal, answered[index] ?? unanswered))
    }),
  )
  return renewals.map((renewal) => answers.get(renewal) ?? unanswered)
}

const unanswered = new OutcomeUnknown('renew: the engine did not answer for this claim')

/** A line that could not be changed is the answer for its claims, and the others have theirs. */
function ownAnswer(error: unknown): RenewAnswer {
  if (error instanceof NotApplied || error instanceof OutcomeUnknown || error instanceof StoreUnavailable) return error
  throw error
}
