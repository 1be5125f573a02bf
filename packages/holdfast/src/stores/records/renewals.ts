/** Renewals of several claims: a line that cannot be read or changed fails alone. */
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { type ClaimState, type LineStep, renewInLine } from '../../line/transition.ts'
import type { RenewAnswer, Standing } from '../../store/standing.ts'
import type { Renewal } from '../../store/store.ts'
import type { RecordChange } from './engine.ts'
import { Transaction } from './transaction.ts'

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
