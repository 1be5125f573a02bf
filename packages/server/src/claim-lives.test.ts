/**
 * When a claim is left for a program that may be dead.
 *
 * @module-tag real-time
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Claim, Held, OpenStore, Standing } from 'holdfast'
import { memory } from 'holdfast/memory'
import { openStore, systemClock } from 'holdfast/testing'
import { ClaimLives } from './claim-lives.ts'

/** The store keeps it far longer, as a session does that others keep alive. */
const SESSION_MS = 60_000
const BELIEF_MS = 150

let store: OpenStore
let lives: ClaimLives
const claim: Claim = {
  resource: 'n!seat',
  id: '0'.repeat(32),
  weight: 1,
  capacity: 1,
  ttlMs: SESSION_MS,
  queue: true,
  lockDelayMs: 0,
  note: '',
  owner: 'test',
}

beforeEach(async () => {
  store = await openStore(memory())
  lives = new ClaimLives(store)
})
afterEach(async () => {
  lives.close()
  await store.close()
})

/** Told that it may believe for a moment only. */
async function entered(changes: Partial<Claim> = {}): Promise<Held> {
  lives.enters({ ...claim, ...changes, ttlMs: BELIEF_MS })
  const standing = await store.enter({ ...claim, ...changes })
  lives.answered(claim.id, shortened(standing))
  if (standing.kind !== 'held') throw new Error(`it is ${standing.kind}`)
  return standing
}

function shortened(standing: Standing): Standing {
  return standing.kind === 'held' ? { ...standing, lifeMs: BELIEF_MS } : standing
}

async function states(): Promise<readonly string[]> {
  return (await store.look(claim.resource)).claims.map(({ state }) => state)
}

test('a claim that is not renewed is left when its belief is over, and not before', async () => {
  const { askedAt } = await entered()
  const after = { ...claim, id: '1'.repeat(32) }
  await store.enter(after)
  const standing = async (): Promise<string> => (await store.enter(after)).kind
  await expect.poll(standing, { timeout: 1_000 }).toBe('held')
  expect(systemClock.monotonicMs() - askedAt.monotonicMs).toBeGreaterThanOrEqual(BELIEF_MS)
})

test('a claim is not left while a renewal is under way, and as long as the renewal said after it', async () => {
  const { token } = await entered()
  lives.asks(claim.id)
  await new Promise((resolve) => setTimeout(resolve, BELIEF_MS * 2))
  expect(await states()).toEqual(['held'])
  const [answer] = await store.renew([{ ref: { ...claim, token }, ttlMs: SESSION_MS }])
  lives.answered(claim.id, answer === undefined || !('kind' in answer) ? undefined : shortened(answer))
  expect(await states()).toEqual(['held'])
  await expect.poll(states).toEqual([])
})

test('a renewal without an answer lets nobody believe longer', async () => {
  await entered()
  lives.asks(claim.id)
  await new Promise((resolve) => setTimeout(resolve, BELIEF_MS))
  lives.answered(claim.id, undefined)
  await expect.poll(states, { timeout: 1_000 }).toEqual([])
})

test('the lock-delay of a claim that is left begins then', async () => {
  await entered({ lockDelayMs: 60_000 })
  await expect.poll(states).toEqual(['lingering'])
})
