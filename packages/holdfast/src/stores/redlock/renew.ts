/** Prolongs leases: one command for each node, however many there are; each lease is judged by its own majority. */
import { stampOf, type Stamp } from '../../time/clock.ts'
import { OutcomeUnknown } from '../../store/errors.ts'
import { RENEW_BATCH_MAX } from '../../store/limits.ts'
import type { Renewal } from '../../store/store.ts'
import type { RenewAnswer } from '../../store/standing.ts'
import { engineError } from '../redis-driver/errors.ts'
import type { VotedClaim } from './claims.ts'
import { nodeLimitMs } from './limits.ts'
import type { RedisNode } from './node.ts'
import type { RedlockSession } from './open.ts'
import { causesOf, poll, type Reply, troubleOf } from './quorum.ts'
import { scripts } from './scripts.ts'
import { type Renewed, renewedOf, usOf } from './wire.ts'

export async function renew(session: RedlockSession, renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
  const answers = renewals.map((renewal) => knownHere(session, renewal))
  const open = renewals.flatMap((renewal, index) => (answers[index] === undefined ? [{ renewal, index }] : []))
  const batches: (typeof open)[] = []
  for (let at = 0; at < open.length; at += RENEW_BATCH_MAX) batches.push(open.slice(at, at + RENEW_BATCH_MAX))
  await Promise.all(
    batches.map(async (batch) => {
      const asked = await renewBatch(
        session,
        batch.map(({ renewal }) => renewal),
      )
      batch.forEach(({ index }, place) => (answers[index] = asked[place]))
    }),
  )
  return answers.map((answer) => answer ?? new OutcomeUnknown('renew: no answer'))
}

/** What needs no question: another token than the one that was granted here, and a claim that waits, which has no place to keep. */
function knownHere({ claims, keys }: RedlockSession, { ref }: Renewal): RenewAnswer | undefined {
  const entry = claims.find(keys.record(ref.resource), ref.id)
  if (entry === undefined) return undefined
  if (entry.grant === undefined) return ref.token === undefined ? { kind: 'queued' } : { kind: 'gone' }
  return ref.token === undefined || ref.token === entry.grant.token ? undefined : { kind: 'gone' }
}

async function renewBatch(session: RedlockSession, renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
  const { clock, nodes, keys, claims } = session
  const entries = renewals.map(({ ref }) => claims.find(keys.record(ref.resource), ref.id))
  const all = [...renewals.map(({ ref }) => keys.record(ref.resource)), keys.marker]
  const [accepted] = session.list.words
  const words = [...renewals.flatMap((renewal, index) => wordsFor(renewal, entries[index])), accepted]
  const limitMs = nodeLimitMs(Math.min(...renewals.map(({ ttlMs }) => ttlMs)))
  const askedAt = stampOf(clock)
  const ask = async (node: RedisNode): Promise<readonly Renewed[]> => {
    const answer = await node.run(scripts.renew, all, words)
    if (Array.isArray(answer)) node.noteClock(askedAt.monotonicMs, Number(answer[0]))
    return renewedOf(answer, renewals.length)
  }
  const answers = await poll({
    ...session,
    limitMs,
    ask,
    decide(replies, isOver) {
      const decided = renewals.map((renewal, index) => verdictOf(session, renewal, index, replies, askedAt))
      if (!isOver && decided.includes(undefined)) return undefined
      return decided.map((answer) => answer ?? unknown(nodes, replies, limitMs))
    },
  })
  return (answers ?? []).map((answer, index) => remembered(session, entries[index], answer))
}

/** In the order of `renew.lua`. */
function wordsFor({ ref, ttlMs, note }: Renewal, entry: VotedClaim | undefined): readonly string[] {
  const token = entry?.grant?.token ?? ref.token
  return [
    entry?.grant?.vote ?? ref.id,
    token === undefined ? '' : String(token),
    usOf(ttlMs),
    note === undefined ? '0' : '1',
    note ?? '',
  ]
}

/** A majority keeps it, or so many do not that no majority can; `undefined` while neither is known. */
function verdictOf(
  { majority, nodes, claims, keys }: RedlockSession,
  { ref, ttlMs }: Renewal,
  index: number,
  replies: readonly Reply<readonly Renewed[]>[],
  askedAt: Stamp,
): RenewAnswer | undefined {
  let kept = 0
  let gone = 0
  let reason: string | undefined
  for (const reply of replies) {
    const one = reply !== undefined && 'answer' in reply ? reply.answer[index] : undefined
    if (one?.kind === 'kept') kept += 1
    if (one?.kind === 'gone') {
      gone += 1
      reason ??= one.reason
    }
  }
  if (gone > nodes.length - majority) return reason === undefined ? { kind: 'gone' } : { kind: 'gone', reason }
  const entry = claims.find(keys.record(ref.resource), ref.id)
  const token = entry?.grant?.token ?? ref.token
  if (kept < majority || token === undefined) return undefined
  if (entry !== undefined) entry.answeredNews = entry.news
  return { kind: 'held', token, askedAt, lifeMs: ttlMs, provisional: false }
}

function remembered({ claims }: RedlockSession, entry: VotedClaim | undefined, answer: RenewAnswer): RenewAnswer {
  if (!('kind' in answer) || entry?.grant === undefined) return answer
  if (answer.kind === 'gone') claims.end(entry)
  if (answer.kind === 'held') {
    const { askedAt, lifeMs } = answer
    const before = entry.grant.askedAt.monotonicMs + entry.grant.lifeMs
    // Answers may overtake one another.
    if (askedAt.monotonicMs + lifeMs > before) entry.grant = { ...entry.grant, askedAt, lifeMs }
  }
  return answer
}

function unknown(
  nodes: readonly RedisNode[],
  replies: readonly Reply<readonly Renewed[]>[],
  limitMs: number,
): OutcomeUnknown {
  const causes = causesOf(
    nodes,
    replies.map((reply) => troubleOf(reply, limitMs) ?? errorIn(reply)),
  )
  return new OutcomeUnknown(`renew: no majority of the nodes answered: ${causes}. It is asked for again`)
}

/** The error of one claim on a node that carried out the others. */
function errorIn(reply: Reply<readonly Renewed[]>): string | undefined {
  if (reply === undefined || !('answer' in reply)) return undefined
  const failed = reply.answer.find(({ kind }) => kind === 'error')
  return failed?.kind === 'error' ? engineError(new Error(failed.words), 'renew').message : undefined
}
