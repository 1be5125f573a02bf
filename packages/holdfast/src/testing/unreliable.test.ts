import { beforeEach, expect, test } from 'vitest'
import { type Claim, newClaimId } from '../store/claim.ts'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../store/errors.ts'
import type { OpenStore, Store } from '../store/store.ts'
import { opened as openedBy } from '../stores/opened.fixture.ts'
import { memory, memoryEngine } from '../stores/memory/index.ts'
import { type Fault, onCall, type FaultPlan, unreliable } from './unreliable.ts'
import { type VirtualClock, virtualClock } from './virtual-clock.ts'

let clock: VirtualClock
let direct: OpenStore
let engine: ReturnType<typeof memoryEngine>

beforeEach(async () => {
  clock = virtualClock()
  engine = memoryEngine()
  direct = await opened(memory(engine))
})

function opened(store: Store): Promise<OpenStore> {
  return openedBy(store, clock)
}

/** A store whose first call after the opening suffers the fault. */
function first(fault: Fault): Promise<OpenStore> {
  return opened(unreliable(memory(engine), onCall(1, fault)))
}

function claim(): Claim {
  const words = { note: '', owner: 'test' }
  return {
    resource: 'n!a',
    id: newClaimId(),
    weight: 1,
    capacity: 1,
    ttlMs: 10_000,
    queue: true,
    lockDelayMs: 0,
    ...words,
  }
}

async function claims(): Promise<number> {
  return (await direct.look('n!a')).claims.length
}

/** What became of a promise by now. */
async function fate(promise: Promise<unknown>): Promise<string> {
  let outcome = 'pending'
  promise.then(
    () => (outcome = 'answered'),
    () => (outcome = 'rejected'),
  )
  await clock.advance(0)
  return outcome
}

test('a lost request does nothing, and a lost reply hides what was done', async () => {
  const deaf = await first({ kind: 'lost-request', silence: 'throws' })
  await expect(deaf.enter(claim())).rejects.toThrow(OutcomeUnknown)
  expect(await claims()).toBe(0)
  const mute = await first({ kind: 'lost-reply', silence: 'throws' })
  await expect(mute.enter(claim())).rejects.toThrow(OutcomeUnknown)
  expect(await claims()).toBe(1)
})

test('a call that hangs is never answered', async () => {
  expect(await fate((await first({ kind: 'lost-request', silence: 'hangs' })).enter(claim()))).toBe('pending')
  expect(await claims()).toBe(0)
  expect(await fate((await first({ kind: 'lost-reply', silence: 'hangs' })).enter(claim()))).toBe('pending')
  expect(await claims()).toBe(1)
})

test('a store that refuses did nothing', async () => {
  await expect((await first({ kind: 'not-applied' })).enter(claim())).rejects.toThrow(NotApplied)
  await expect((await first({ kind: 'unavailable' })).enter(claim())).rejects.toThrow(StoreUnavailable)
  expect(await claims()).toBe(0)
})

test('a delay keeps the request on its way there or the answer on its way back', async () => {
  const slow = await first({ kind: 'delayed', requestMs: 100, replyMs: 100 })
  const answer = slow.enter(claim())
  await clock.advance(99)
  expect(await claims()).toBe(0)
  await clock.advance(2)
  expect(await claims()).toBe(1)
  expect(await fate(answer)).toBe('pending')
  await clock.advance(100)
  expect(await fate(answer)).toBe('answered')
})

test('a duplicated request is carried out again, later', async () => {
  const store = await first({ kind: 'duplicated', afterMs: 500 })
  const asked = claim()
  await store.enter(asked)
  await store.leave({ resource: asked.resource, id: asked.id })
  expect(await claims()).toBe(0)
  await clock.advance(500)
  expect(await claims()).toBe(1)
})

test('a frozen store sends nothing until it thaws, and then everything in order', async () => {
  const frozen = unreliable(memory(engine), onCall(1, { kind: 'delayed' }))
  const store = await opened(frozen)
  frozen.freeze()
  const asked = claim()
  const entering = store.enter(asked)
  const leaving = store.leave({ resource: asked.resource, id: asked.id })
  expect(await fate(entering)).toBe('pending')
  expect(await claims()).toBe(0)
  frozen.thaw()
  expect((await entering).kind).toBe('held')
  expect(await leaving).toBe('left')
})

test('a hint may come early, come again, or never come', async () => {
  const plan: FaultPlan = (index, method) => {
    if (method !== 'watch') return undefined
    return index <= 3 ? { kind: 'early-hint' } : { kind: 'no-hint' }
  }
  const store = await opened(unreliable(memory(engine), plan))
  const asked = claim()
  await store.enter(asked)
  const controller = new AbortController()
  const watch = () => store.watch({ resource: asked.resource, id: asked.id }, controller.signal)
  expect(await watch()).toEqual({ kind: 'hint' })
  expect(await watch()).toEqual({ kind: 'hint' })
  const silent = watch()
  await direct.leave({ resource: asked.resource, id: asked.id })
  expect(await fate(silent)).toBe('pending')
  controller.abort()
  expect((await silent).kind).toBe('hint')
})

test('failing the 1st call, then the 2nd, … ends when a run never reaches the failure', async () => {
  let runs = 0
  for (let callIndex = 0; ; callIndex += 1) {
    runs += 1
    const flaky = unreliable(memory(), onCall(callIndex, { kind: 'not-applied' }))
    const again = async <T>(call: () => Promise<T>): Promise<T> => call().catch(call)
    const asked = claim()
    const store = await again(() => opened(flaky))
    await again(() => store.enter(asked))
    await again(() => store.leave({ resource: asked.resource, id: asked.id }))
    if (flaky.calls <= callIndex) break
  }
  expect(runs).toBe(4)
})
