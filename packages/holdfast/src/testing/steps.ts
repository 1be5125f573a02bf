/** The steps that conformance cases are written in, so that a case reads as what happens and not as how it is called. */
import assert from 'node:assert/strict'
import { type Claim, newClaimId, type Ref } from '../store/claim.ts'
import { HoldfastError } from '../store/errors.ts'
import type { OpenStore } from '../store/store.ts'
import type { LineView } from '../store/line-view.ts'
import type { RenewAnswer, Refused, Queued, Held, Standing } from '../store/standing.ts'
import type { Clock } from '../time/clock.ts'
import type { Context } from './case.ts'

/** A claim that holds, with everything needed to renew or end it. */
export interface HoldingClaim {
  readonly store: OpenStore
  readonly claim: Claim
  readonly ref: Ref & { readonly token: bigint }
  readonly token: bigint
  readonly standing: Held
}

export interface WaitingClaimant {
  readonly store: OpenStore
  readonly claim: Claim
  readonly ref: Ref
  readonly standing: Queued
}

/** How often a step looks whether what it waits for has come, as a share of the short lease: 20 ms of real time. */
const STEP_SHARE = 1 / 40

/** A mutex claim with a long lease that waits, unless said otherwise. */
export function claimOf(context: Context, changes: Partial<Claim> = {}): Claim {
  return {
    resource: context.resource(),
    id: newClaimId(),
    weight: 1,
    capacity: 1,
    ttlMs: context.longMs,
    queue: true,
    lockDelayMs: 0,
    note: '',
    owner: 'conformance',
    ...changes,
  }
}

/** Enters a claim that must hold at once. */
export async function hold(context: Context, store: OpenStore, changes: Partial<Claim> = {}): Promise<HoldingClaim> {
  const claim = claimOf(context, changes)
  return holderOf(store, claim, await store.enter(claim))
}

export function holderOf(store: OpenStore, claim: Claim, standing: Standing): HoldingClaim {
  const held = asHeld(standing)
  const ref = { resource: claim.resource, id: claim.id, token: held.token }
  return { store, claim, ref, token: held.token, standing: held }
}

/** Enters a claim that must wait. */
export async function wait(context: Context, store: OpenStore, changes: Partial<Claim> = {}): Promise<WaitingClaimant> {
  const claim = claimOf(context, changes)
  const standing = await store.enter(claim)
  assert.equal(standing.kind, 'queued', `a claim behind a holder must be queued, not ${standing.kind}`)
  assert.ok(standing.kind === 'queued')
  return { store, claim, ref: { resource: claim.resource, id: claim.id }, standing }
}

/** Enters a claim that may not wait, and must be refused as busy. */
export async function refused(context: Context, store: OpenStore, changes: Partial<Claim> = {}): Promise<Refused> {
  const standing = await store.enter(claimOf(context, { queue: false, ...changes }))
  assert.ok(standing.kind === 'refused', `a claim that may not wait must be refused, not ${standing.kind}`)
  assert.equal(standing.because, 'busy')
  return standing
}

/** Whether a newcomer gets the lock at once; what it got is given back. */
export async function isFree(context: Context, store: OpenStore, changes: Partial<Claim> = {}): Promise<boolean> {
  const claim = claimOf(context, { queue: false, ...changes })
  const standing = await store.enter(claim)
  if (standing.kind !== 'held') return false
  await store.leave({ resource: claim.resource, id: claim.id, token: standing.token })
  return true
}

/** Enters again and again, as core does, until the claim holds. */
export async function turnOf(
  context: Context,
  store: OpenStore,
  claim: Claim,
  withinMs: number,
): Promise<HoldingClaim> {
  const stepMs = context.shortMs * STEP_SHARE
  for (let passedMs = 0; passedMs <= withinMs; passedMs += stepMs) {
    const standing = await store.enter(claim)
    if (standing.kind === 'held') return holderOf(store, claim, standing)
    assert.notEqual(standing.kind, 'gone', 'a claim that keeps asking must not lose its place')
    await context.advance(stepMs)
  }
  throw new assert.AssertionError({ message: `the turn did not come within ${withinMs} ms` })
}

export async function renew(store: OpenStore, ref: Ref, ttlMs: number, note?: string): Promise<Standing> {
  const [answer, ...rest] = await store.renew([{ ref, ttlMs, ...(note === undefined ? {} : { note }) }])
  assert.deepEqual(rest, [], 'one renewal has one answer')
  return answered(answer)
}

export function answered(answer: RenewAnswer | undefined): Standing {
  assert.ok(answer !== undefined, 'every renewal has an answer')
  if (answer instanceof HoldfastError) throw answer
  return answer
}

export function asHeld(standing: Standing): Held {
  assert.ok(standing.kind === 'held', `the claim must hold, but it is ${describe(standing)}`)
  return standing
}

export function assertGone(standing: Standing): void {
  assert.equal(standing.kind, 'gone', `the claim must be gone, but it is ${describe(standing)}`)
}

/** The claim still holds, with the token it got: a renewal is how a holder finds out. */
export async function assertStillHeld({ store, ref, claim, token }: HoldingClaim): Promise<void> {
  assert.equal(asHeld(await renew(store, ref, claim.ttlMs)).token, token, 'the token of a claim never changes')
}

/** Claims that could still do something, oldest first. */
export async function liveIds(store: OpenStore, resource: string): Promise<readonly string[]> {
  return live(await store.look(resource)).map((claim) => claim.id)
}

export function live(view: LineView): LineView['claims'] {
  return view.claims.filter((claim) => claim.state !== 'lingering')
}

/** What an operator sees of an id. */
export function shown(id: string): string {
  return id.slice(0, 8)
}

/** Resolves like the promise, or rejects when it takes longer than this. */
export async function within<T>(context: Context, ms: number, what: string, promise: Promise<T>): Promise<T> {
  const progress = { done: false }
  const settled = promise.finally(() => {
    progress.done = true
  })
  settled.catch(() => undefined)
  await context.advance(0)
  const stepMs = context.shortMs * STEP_SHARE
  for (let passedMs = 0; passedMs < ms && !progress.done; passedMs += stepMs) await context.advance(stepMs)
  assert.ok(progress.done, `${what} took longer than ${ms} ms`)
  return settled
}

/** Past the end of a lease by any clock: how late the engine may be, and what timers add. */
export function past(context: Context, ms: number): number {
  const { granularityMs, takeoverMs = granularityMs } = context.facts.ttl
  return ms + takeoverMs + 50
}

function describe(standing: Standing): string {
  return standing.kind === 'refused' ? `refused (${standing.because})` : standing.kind
}

/** The clock of a machine whose wall clock was set wrong, by so much. */
export function wrongClock(clock: Clock, byMs: number): Clock {
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs() + byMs,
    schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
  }
}
