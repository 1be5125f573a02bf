/** One request under its mark, whatever the framework is: the result of its work, or the refusal. */
import type { ExpectedLock } from '../../lease/sequencer.ts'
import { holderIn } from './header.ts'
import type { HeldRequest, HttpMarks } from './marks.ts'
import { type Problem, problemOf } from './problem.ts'

export interface RequestWork<Tx, T> {
  readonly header: unknown
  /** May throw `Misuse` for a request that asks for nothing there is. */
  readonly expected: () => ExpectedLock
  readonly work: (held: HeldRequest<Tx>) => Promise<T>
}

export type WorkResult<T> = { readonly done: T } | { readonly problem: Problem }

/** Throws what the work throws, and what went wrong at the commit: both are for the framework. */
export async function runRequest<Tx, T>(
  marks: HttpMarks<Tx>,
  { header, expected, work }: RequestWork<Tx, T>,
): Promise<WorkResult<T>> {
  let begunWith: bigint | undefined
  try {
    const lease = holderIn(header, expected())
    const done = await marks.run(lease, async (tx) => {
      begunWith = lease.token
      return await work({ lease, tx })
    })
    return { done }
  } catch (error) {
    const problem = problemOf(error, begunWith)
    if (problem === undefined) throw error
    return { problem }
  }
}
