/** An assignment as the note of a claim: eight characters for each owner, and a byte for each partition. */
import { createHash } from 'node:crypto'
import type { LineView } from '../../store/line-view.ts'
import type { Owner } from './assign.ts'

/** So many owners and partitions fit into a note, in base64. */
export const OWNERS_MAX = 255
export const PARTITIONS_MAX = 1_000

const KEY_LENGTH = 8

export interface KnownAssignment {
  readonly generation: bigint
  /** The key of the owner of each partition. */
  readonly owners: readonly Owner[]
}

/** Short and of one length; two ids of one group have the same one in one of 10^10 groups, and then they share partitions by their locks. */
export function memberKey(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, KEY_LENGTH)
}

export function encodeOwners(owners: readonly Owner[]): string {
  const keys = [...new Set(owners.filter((owner) => owner !== null))]
  const bytes = owners.map((owner) => (owner === null ? 0 : keys.indexOf(owner) + 1))
  return `${keys.join('')}:${Buffer.from(bytes).toString('base64url')}`
}

/** Of the claim that holds the line; nothing where there is none, or one that says something else. */
export function assignmentOf({ claims }: LineView): KnownAssignment | undefined {
  const holder = claims.find(({ state }) => state === 'held')
  const [keys, bytes] = holder?.note.split(':') ?? []
  if (holder?.token === undefined || keys === undefined || bytes === undefined) return undefined
  const owners = [...Buffer.from(bytes, 'base64url')].map((place): Owner => {
    const key = keys.slice((place - 1) * KEY_LENGTH, place * KEY_LENGTH)
    return place === 0 || key.length < KEY_LENGTH ? null : key
  })
  return { generation: holder.token, owners }
}
