/** What the scripts answer and publish. Numbers travel as text, times as µs of the node. */
import { StoreUnavailable } from '../../store/errors.ts'
import { replyFields } from '../redis-driver/answers.ts'

/** What one node says about one vote. */
export type Vote =
  | { readonly kind: 'kept'; readonly nowUs: number; readonly token: bigint }
  | {
      readonly kind: 'busy'
      readonly nowUs: number
      readonly token: bigint
      /** The claim that is in the way. */
      readonly owner: string
      readonly recheckInMs: number
      /** The place in this node's list of waiters, for claims that want to wait. */
      readonly place: number | 'full' | undefined
    }
  | { readonly kind: 'quarantined'; readonly nowUs: number; readonly forMs: number }
  /** It is under another list of servers, and votes for clients that know that one. */
  | { readonly kind: 'unlisted'; readonly nowUs: number; readonly list: string; readonly generation: number }
  | { readonly kind: 'gone'; readonly nowUs: number }
  /** It keeps its vote and does not raise it: the token is too far ahead of its clock. */
  | { readonly kind: 'behind'; readonly nowUs: number }

export function voteOf(answer: unknown): Vote {
  const [kind, now, ...words] = replyFields(answer)
  const nowUs = Number(now)
  switch (kind) {
    case 'kept':
      return { kind, nowUs, token: BigInt(words[0] ?? 0) }
    case 'busy': {
      const [token, owner = '', freeIn, place = ''] = words
      return {
        kind,
        nowUs,
        token: BigInt(token ?? 0),
        owner: claimOf(owner),
        recheckInMs: msOf(freeIn),
        place: place === '' ? undefined : place === 'full' ? place : Number(place),
      }
    }
    case 'quarantined':
      return { kind, nowUs, forMs: msOf(words[0]) }
    case 'unlisted':
      return { kind, nowUs, list: words[0] ?? '', generation: Number(words[1]) }
    case 'gone':
    case 'behind':
      return { kind, nowUs }
    default:
      throw unknownAnswer()
  }
}

/** Answers of the short scripts: a word and the node's time. */
export function wordOf(answer: unknown): string {
  const [word] = replyFields(answer)
  if (word === undefined) throw unknownAnswer()
  return word
}

/** What `renew.lua` says of one claim. */
export type Renewed =
  | { readonly kind: 'kept' }
  | { readonly kind: 'gone'; readonly reason?: string }
  | { readonly kind: 'error'; readonly words: string }

export function renewedOf(answer: unknown, count: number): readonly Renewed[] {
  const [, ...answers] = Array.isArray(answer) ? (answer as readonly unknown[]) : []
  if (answers.length !== count) throw unknownAnswer()
  return answers.map((each) => {
    const [kind, words] = replyFields(each)
    if (kind === 'kept') return { kind }
    if (kind === 'error') return { kind, words: words ?? '' }
    return words === undefined ? { kind: 'gone' } : { kind: 'gone', reason: words }
  })
}

export interface VoteMessage {
  readonly kind: 'free' | 'evicted'
  readonly record: string
  readonly id: string
}

export function messageOf(text: string): VoteMessage | undefined {
  const [kind, record, id] = text.split('|')
  if ((kind !== 'free' && kind !== 'evicted') || record === undefined || id === undefined) return undefined
  return { kind, record, id }
}

/** The claim of a vote; a claim stays itself. */
export function claimOf(vote: string): string {
  return vote.split('.', 1)[0] ?? vote
}

export function msOf(us: string | undefined): number {
  return Number(us) / 1000
}

export function usOf(ms: number): string {
  return String(Math.ceil(ms * 1000))
}

function unknownAnswer(): StoreUnavailable {
  return new StoreUnavailable('a script of Holdfast in Redis gave an answer that this version does not know', {
    isFinal: true,
  })
}
