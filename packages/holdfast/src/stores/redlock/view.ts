/** One picture from what the nodes say: a claim is there when a majority has it, or may have it with the nodes that are away. */
import { createHash } from 'node:crypto'
import type { ClaimView, LineView } from '../../store/line-view.ts'
import { replyFields } from '../redis-driver/answers.ts'
import { isMajority, type Quorum } from './membership.ts'
import { smallest } from './quorum.ts'
import { claimOf } from './wire.ts'

/** Enough to tell claims apart, useless to release one. */
const SHOWN_ID_LENGTH = 8

/** What one node says of one lock. */
export interface SeenVotes {
  /** Its place in the list. */
  readonly node: number
  readonly owner: SeenVote | undefined
  readonly waiters: readonly SeenWaiter[]
}

interface SeenVote {
  readonly vote: string
  readonly state: 'held' | 'lingering'
  readonly token: bigint
  readonly endsInMs: number
  readonly owner: string
  readonly note: string
}

interface SeenWaiter {
  readonly id: string
  readonly number: number
  readonly endsInMs: number
  readonly owner: string
}

export function seenOf(answer: unknown, node: number): SeenVotes {
  const [now, flat, waiters] = Array.isArray(answer) ? (answer as readonly unknown[]) : []
  const words = replyFields(flat)
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < words.length; index += 2) fields.set(words[index] ?? '', words[index + 1] ?? '')
  const nowUs = Number(now)
  return {
    node,
    owner: ownerIn(fields, nowUs),
    waiters: (Array.isArray(waiters) ? waiters : []).flatMap((each: unknown): SeenWaiter[] => {
      const [member = '', number, ends, owner = ''] = replyFields(each)
      const endsInMs = (Number(ends) - nowUs) / 1000
      return endsInMs > 0 ? [{ id: claimOf(member), number: Number(number), endsInMs, owner }] : []
    }),
  }
}

function ownerIn(fields: ReadonlyMap<string, string>, nowUs: number): SeenVote | undefined {
  const vote = fields.get('o') ?? ''
  const endsUs = Number(fields.get('x') ?? 0)
  const untilUs = endsUs + Number(fields.get('d') ?? 0)
  if (vote === '' || untilUs <= nowUs) return undefined
  const isHeld = fields.get('s') === 'h' && endsUs > nowUs
  return {
    vote,
    state: isHeld ? 'held' : 'lingering',
    token: BigInt(fields.get('t') ?? 0),
    endsInMs: ((isHeld ? endsUs : untilUs) - nowUs) / 1000,
    owner: fields.get('w') ?? '',
    note: fields.get('n') ?? '',
  }
}

/** The claim that a majority has; of those that may have one together with the nodes that are away, the largest. */
export function holderOf(
  seen: readonly SeenVotes[],
  quorum: Quorum,
): (ClaimView & { readonly vote: string }) | undefined {
  const votes = seen.flatMap(({ owner, node }) => (owner === undefined ? [] : [{ ...owner, node }]))
  const groups = [...Map.groupBy(votes, ({ vote, state }) => `${state} ${vote}`).values()]
  const [first] = groups.toSorted((one, other) => other.length - one.length)
  const [any] = first ?? []
  const mayHave = (node: number): boolean =>
    first?.some((vote) => vote.node === node) === true || seen.every((other) => other.node !== node)
  if (first === undefined || any === undefined || !isMajority(quorum, mayHave)) return undefined
  const rank = Math.min(quorum.needed, first.length)
  const tokens = first.map(({ token }) => token).toSorted((one, other) => (one > other ? -1 : 1))
  // Where the vote is a majority's, none of it is below the token of the grant, and a majority of all is at it.
  const token = tokens[rank - 1] ?? any.token
  const endsInMs = smallest(
    first.map((each) => -each.endsInMs),
    rank,
  )
  return {
    vote: any.vote,
    id: shown(any.vote),
    state: any.state,
    weight: 1,
    token,
    endsInMs: -endsInMs,
    owner: any.owner,
    note: newestNote(first),
  }
}

export function viewOf(resource: string, seen: readonly SeenVotes[], quorum: Quorum): LineView {
  const holder = holderOf(seen, quorum)
  const claims: ClaimView[] = []
  if (holder !== undefined) {
    const { vote: _, ...view } = holder
    claims.push(view)
  }
  const version = digestOf(claims)
  claims.push(...waitersOf(seen, holder?.vote))
  return {
    resource,
    // The nodes also remember votes that were given back, so what was granted last is known only while it lasts.
    lastToken: holder?.token ?? 0n,
    ...(claims.length > 0 ? { capacity: 1 } : {}),
    claims,
    version,
  }
}

function waitersOf(seen: readonly SeenVotes[], holder: string | undefined): readonly ClaimView[] {
  const waiters = new Map<string, SeenWaiter>()
  for (const each of seen.flatMap((node) => node.waiters)) {
    if (holder === undefined || claimOf(holder) !== each.id) waiters.set(each.id, each)
  }
  return [...waiters.values()]
    .toSorted((one, other) => one.number - other.number)
    .map(({ id, endsInMs, owner }) => ({ id: shown(id), state: 'waiting', weight: 1, endsInMs, owner, note: '' }))
}

/** A renewal that brings a note reaches the nodes one after the other: what most of them say. */
function newestNote(votes: readonly SeenVote[]): string {
  const groups = [...Map.groupBy(votes, ({ note }) => note).values()]
  return groups.toSorted((one, other) => other.length - one.length)[0]?.[0]?.note ?? ''
}

function shown(vote: string): string {
  return vote.slice(0, SHOWN_ID_LENGTH)
}

/** What observers compare: who holds, with which token and note; not for how long. */
function digestOf(claims: readonly ClaimView[]): string {
  const words = claims.map(({ id, state, token, note }) => [id, state, String(token), note])
  return createHash('sha1').update(JSON.stringify(words)).digest('base64url')
}
