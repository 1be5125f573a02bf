/** A store beside the pure transition, with lines long enough for rows: same answers, same lines, whatever happens. */
import { expect, onTestFinished } from 'vitest'
import { emptyLine, type Line } from '../../line/line.ts'
import {
  type ClaimState,
  enterLine,
  evictFromLine,
  leaveLine,
  type LineStep,
  type Moment,
  renewInLine,
} from '../../line/transition.ts'
import { viewOf } from '../../line/view.ts'
import type { Claim } from '../../store/claim.ts'
import type { OpenStore } from '../../store/store.ts'
import { type Clock, systemClock } from '../../time/clock.ts'
import { claim as claimIn } from '../claims.fixture.ts'
import { IN_RECORD_MAX } from './thin-line.ts'

/** A generator with a seed, so that a failure can be repeated. (mulberry32) */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const START_MS = 1_800_000_000_000
const STORES = 3
const lines = [
  { resource: 'test!mutex', capacity: 1 },
  { resource: 'test!permits', capacity: 5 },
  { resource: 'test!readers', capacity: 1_000 },
] as const

/** Several stores on one engine, and the lines that it should have. */
export class Pair {
  readonly #open: (clock: Clock) => Promise<OpenStore>
  readonly random: (below: number) => number
  readonly stores: OpenStore[] = []
  readonly model = new Map<string, Line>()
  readonly claims: Claim[] = []
  passedMs = 0
  longest = 0
  /** The line that most want. */
  favourite = 0
  readonly clock: Clock = {
    ...systemClock,
    monotonicMs: () => 1_000_000 + this.passedMs,
    wallMs: () => START_MS + this.passedMs,
  }

  constructor(seed: number, open: (clock: Clock) => Promise<OpenStore>) {
    this.random = randomFrom(seed)
    this.#open = open
  }

  get now(): Moment {
    return { nowMs: this.clock.monotonicMs(), tokenScaleUs: BigInt(this.clock.wallMs()) * 1_000n }
  }

  get store(): OpenStore {
    const store = this.stores[this.random(STORES)]
    if (store === undefined) throw new Error('no store')
    return store
  }

  async reopen(index: number): Promise<void> {
    await this.stores[index]?.close()
    this.stores[index] = await this.#open(this.clock)
  }

  lineOf(resource: string): Line {
    return this.model.get(resource) ?? emptyLine
  }

  apply<Answer>(resource: string, step: (line: Line) => LineStep<Answer>): Answer {
    const done = step(this.lineOf(resource))
    this.model.set(resource, done.line)
    this.longest = Math.max(this.longest, done.line.claims.filter(({ state }) => state === 'waiting').length)
    return done.answer
  }

  anyClaim(): Claim {
    // Mostly one of the latest: the others are over.
    const back = Math.min(this.claims.length, this.random(4) === 0 ? this.claims.length : 80)
    return this.claims[this.claims.length - 1 - this.random(back)] ?? this.newClaim()
  }

  newClaim(): Claim {
    const { resource, capacity } = lines[this.random(3) > 0 ? this.favourite : this.random(lines.length)] ?? lines[0]
    const weight = this.random(9) === 0 ? capacity : 1 + this.random(Math.min(capacity, 3))
    const id = `c${String(this.claims.length).padStart(7, '0')}`
    const ttlMs = [100, 3_000, 20_000, 20_000][this.random(4)] ?? 100
    const lockDelayMs = this.random(10) === 0 ? 300 : 0
    const claim = claimIn(resource, { capacity, weight, id, ttlMs, lockDelayMs, queue: this.random(12) > 0 })
    this.claims.push(claim)
    return claim
  }
}

/** An answer without what only the store knows; a bundle may say too early when to look again, and never too late. */
function expectSame(given: object, expected: ClaimState, where: string): void {
  const { askedAt: _, ...answer } = given as { askedAt?: unknown; recheckInMs?: number }
  const latestMs = 'recheckInMs' in expected ? expected.recheckInMs : undefined
  if (answer.recheckInMs !== undefined) expect(answer.recheckInMs, where).toBeLessThanOrEqual(latestMs ?? -1)
  const { recheckInMs: __, ...rest } = answer
  const { recheckInMs: ___, ...expectedRest } = expected as { recheckInMs?: number }
  expect(rest, where).toEqual(expectedRest)
}

async function enter(pair: Pair, where: string): Promise<void> {
  const claim = pair.random(5) === 0 ? pair.anyClaim() : pair.newClaim()
  const answer = await pair.store.enter(claim)
  const expected = pair.apply(claim.resource, (line) => enterLine(line, claim, 'c', pair.now))
  expectSame(answer, expected, where)
}

async function renew(pair: Pair, where: string): Promise<void> {
  const claims = Array.from({ length: 1 + pair.random(20) }, () => pair.anyClaim())
  const renewals = claims.map(({ resource, id, ttlMs }) => ({ ref: { resource, id }, ttlMs }))
  const answers = await pair.store.renew(renewals)
  for (const [index, { ref, ttlMs }] of renewals.entries()) {
    const expected = pair.apply(ref.resource, (line) => renewInLine(line, ref, ttlMs, undefined, pair.now))
    expectSame(answers[index] ?? {}, expected, where)
  }
}

async function leave(pair: Pair, where: string): Promise<void> {
  const held = pair.lineOf(pair.anyClaim().resource).claims.find(({ state }) => state === 'held')
  const claim = pair.claims.find(({ id }) => pair.random(2) === 0 && id === held?.id) ?? pair.anyClaim()
  const keepMs = pair.random(6) === 0 ? 200 : 0
  const answer = await pair.store.leave({ resource: claim.resource, id: claim.id }, { keepMs })
  const expected = pair.apply(claim.resource, (line) => leaveLine(line, claim, keepMs, pair.now))
  expect(answer, where).toBe(expected)
}

async function evict(pair: Pair, where: string): Promise<void> {
  const { resource } = pair.anyClaim()
  const held = pair.lineOf(resource).claims.find(({ state }) => state === 'held')
  const token = held?.state === 'held' ? held.token : 1n
  const answer = await pair.store.evict(resource, token, 'by the test')
  expect(answer, where).toBe(pair.apply(resource, (line) => evictFromLine(line, token, 'by the test', pair.now)))
}

async function expectSameLines(pair: Pair, where: string): Promise<void> {
  for (const { resource } of lines) {
    const { claims } = await pair.store.look(resource)
    expect(claims, where).toEqual(viewOf(resource, pair.lineOf(resource), pair.now, '').claims)
  }
}

/** Random steps; `check` looks into the engine now and then. */
export async function walk(pair: Pair, seed: number, steps: number, check: () => void | Promise<void>): Promise<void> {
  for (let index = 0; index < STORES; index += 1) await pair.reopen(index)
  onTestFinished(async () => {
    for (const store of pair.stores) await store.close()
  })
  for (let count = 0; count < steps; count += 1) {
    const where = `seed ${seed}, step ${count}`
    // The crowd gathers, and then it thins out.
    const isGathering = count % 1_000 < 600
    pair.favourite = Math.floor(count / 1_000) % lines.length
    pair.passedMs += [0, 0, 1, 1, 5, 30, isGathering ? 1 : 700][pair.random(7)] ?? 0
    const dice = pair.random(20)
    if (dice < (isGathering ? 13 : 4)) await enter(pair, where)
    else if (dice < 15) await renew(pair, where)
    else if (dice < 19) await leave(pair, where)
    else await evict(pair, where)
    if (count % 40 === 0) await expectSameLines(pair, where)
    if (count % 100 === 0) await check()
    if (count % 500 === 0) await pair.reopen(pair.random(STORES))
  }
  expect(pair.longest).toBeGreaterThan(2 * IN_RECORD_MAX)
}
