/** What DynamoDB says when it refuses a write, by the names of its errors: a condition, a transaction in the way, a missing table. */
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { driversWords } from '../../store/drivers-words.ts'
import type { MarkItem } from './client.ts'

const CONDITION = 'ConditionalCheckFailed'
const CONFLICT = 'TransactionConflict'

interface Reason {
  readonly Code?: string
  readonly Item?: MarkItem
}

interface AwsRefusal extends Error {
  readonly $fault?: 'client' | 'server'
  readonly Item?: MarkItem
  readonly CancellationReasons?: readonly Reason[]
}

/** The condition on the mark does not hold: as it stands, where that is told. The mark is the first of its transaction. */
export function refusedMark(error: unknown): { readonly mark: MarkItem | undefined } | undefined {
  if (!isRefusal(error)) return undefined
  if (error.name === 'ConditionalCheckFailedException') return { mark: error.Item }
  const [reason] = error.CancellationReasons ?? []
  return reason?.Code === CONDITION ? { mark: reason.Item } : undefined
}

/** Another transaction was on one of the items, and nothing else was in the way: nothing was written. */
export function metTransaction(error: unknown): boolean {
  if (!isRefusal(error)) return false
  if (error.name === 'TransactionConflictException') return true
  const codes = (error.CancellationReasons ?? []).map(({ Code = 'None' }) => Code)
  return codes.includes(CONFLICT) && codes.every((code) => code === CONFLICT || code === 'None')
}

/** What the server refused passes as it is; without its word it is unknown whether the write was carried out. */
export function unanswered(error: unknown, resource: string, table: string): unknown {
  if (isRefusal(error) && error.name === 'ResourceNotFoundException') {
    return new StoreUnavailable(
      `${resource}: a table is missing. That of the marks is ${table}: make it as fenceTable() says (docs/guards.md)`,
      { cause: error, isFinal: true },
    )
  }
  if (!(error instanceof Error) || isRefusal(error) || isUnsent(error)) return error
  return new OutcomeUnknown(
    `${resource}: DynamoDB did not say whether it was written. Read what it left behind. The SDK said: ${driversWords(error)}`,
    { cause: error },
  )
}

function isRefusal(error: unknown): error is AwsRefusal {
  return error instanceof Error && '$fault' in error && error.$fault === 'client'
}

function isUnsent(error: Error): boolean {
  return error.name === 'CredentialsProviderError' || ('code' in error && error.code === 'ECONNREFUSED')
}
