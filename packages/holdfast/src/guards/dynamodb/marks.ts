/** A mark in DynamoDB: an item with the highest token, raised, compared and read; alone or as the first part of a transaction. */
import type { Admission } from '../admission.ts'
import type { MarkItem } from './client.ts'

/** The first of your own `TransactItems`. */
export type MarkPart = { readonly Update: MarkUpdate } | { readonly ConditionCheck: MarkCondition }

export interface MarkUpdate extends MarkCondition {
  readonly UpdateExpression: string
}

export interface MarkCondition {
  readonly TableName: string
  readonly Key: { resource: { S: string } }
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames: Record<string, string>
  readonly ExpressionAttributeValues: Record<string, { N: string } | { S: string }>
  readonly ReturnValuesOnConditionCheckFailure: 'ALL_OLD'
}

/** `SET buyer = :buyer, ${set}` with `ConditionExpression: condition`, and the names and values beside your own. */
export interface ItemFragments {
  /** An assignment for SET. For a shared lease it assigns what is there. */
  readonly set: string
  /** For the ConditionExpression; `AND (…)` your own to it. */
  readonly condition: string
  readonly names: Record<string, string>
  /** For the commands of `@aws-sdk/client-dynamodb`. */
  readonly values: Record<string, { N: string }>
  /** The same for those of `@aws-sdk/lib-dynamodb`. */
  readonly documentValues: Record<string, bigint>
}

const CONDITION = 'attribute_not_exists(#holdfast) OR #holdfast <= :holdfast'
const SET = '#holdfast = :holdfast'
const KEEP = '#holdfast = if_not_exists(#holdfast, :holdfastNone)'

/** What is written beside the mark, in the same item. */
export interface MarkNote {
  readonly set: string
  readonly values: Record<string, { N: string } | { S: string }>
  /** An attribute that goes. @default none */
  readonly forgets?: string
  /** In seconds since 1970, after which DynamoDB may remove the item. @default it stays */
  readonly expiresAtS?: number
}

/** The attribute for `TimeToLiveSpecification`. */
export const EXPIRY = 'expiresAtS'

export function updateOf(table: string, { resource, token }: Admission, note?: MarkNote): MarkUpdate {
  const expires = note?.expiresAtS
  const set = [
    SET,
    ...(note === undefined ? [] : [note.set]),
    ...(expires === undefined ? [] : [`${EXPIRY} = :expires`]),
  ]
  // A mark that was raised anew is needed for longer than the entry of an earlier holder.
  const gone = [...(expires === undefined ? [EXPIRY] : []), ...(note?.forgets === undefined ? [] : [note.forgets])]
  return {
    TableName: table,
    Key: { resource: { S: resource } },
    UpdateExpression: `SET ${set.join(', ')}${gone.length > 0 ? ` REMOVE ${gone.join(', ')}` : ''}`,
    ConditionExpression: CONDITION,
    ExpressionAttributeNames: { '#holdfast': 'token' },
    ExpressionAttributeValues: {
      ':holdfast': { N: String(token) },
      ...note?.values,
      ...(expires !== undefined && { ':expires': { N: String(expires) } }),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

/** A shared holder is compared and raises nothing. */
export function partOf(table: string, admission: Admission): MarkPart {
  const { UpdateExpression, ...check } = updateOf(table, admission)
  return admission.raises ? { Update: { UpdateExpression, ...check } } : { ConditionCheck: check }
}

export function fragmentsOf({ token, raises }: Admission, attribute: string): ItemFragments {
  return {
    set: raises ? SET : KEEP,
    condition: `(${CONDITION})`,
    names: { '#holdfast': attribute },
    values: { ':holdfast': { N: String(token) }, ...(!raises && { ':holdfastNone': { N: '0' } }) },
    documentValues: { ':holdfast': token, ...(!raises && { ':holdfastNone': 0n }) },
  }
}

export function readOf(table: string, resource: string): object {
  return { TableName: table, Key: { resource: { S: resource } }, ConsistentRead: true }
}

export function tokenIn(item: MarkItem | undefined): bigint {
  return BigInt(item?.['token']?.N ?? '0')
}
