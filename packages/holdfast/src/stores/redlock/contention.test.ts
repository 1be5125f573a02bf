/**
 * Many who want one lock, over ways that differ in length, with holders that fall silent and a node that is wiped.
 * @module-tag real-time
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { systemClock } from '../../time/clock.ts'
import { deadlineOf } from '../../time/deadline.ts'
import type { OpenStore } from '../../store/store.ts'
import { redlock, redlockServers } from './index.ts'
import { claim, RedlockStage, turnOf } from './redlock.fixture.ts'

const RESOURCE = 'n!lock'
const TTL_MS = 400
const RUN_MS = 2_000
const LOOPS = 3
const PHASE_MS = 1_500
/** Of all turns: the holder forgets it, and its lease has to end. */
const SILENT_SHARE = 0.05

let stage: RedlockStage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new RedlockStage()
})
afterEach(() => stage[Symbol.asyncDispose]())

interface Turn {
  readonly token: bigint
  /** When the holder learned of it, and when it stopped believing in it. */
  readonly fromMs: number
  readonly untilMs: number
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function contend(store: OpenStore, endsAtMs: number, turns: Turn[]): Promise<void> {
  while (systemClock.monotonicMs() < endsAtMs) {
    const mine = claim(RESOURCE, { ttlMs: TTL_MS })
    const { token, askedAt, lifeMs } = await turnOf(store, mine, 20_000)
    const fromMs = systemClock.monotonicMs()
    await sleep(Math.random() * 10)
    const deadlineMs = deadlineOf(askedAt, lifeMs).monotonicMs
    const leftMs = systemClock.monotonicMs()
    turns.push({ token, fromMs, untilMs: Math.max(fromMs, Math.min(leftMs, deadlineMs)) })
    if (Math.random() >= SILENT_SHARE) await store.leave({ resource: RESOURCE, id: mine.id, token })
  }
}

test.each([3, 4, 5])('on %i nodes no two hold together, and tokens rise', { timeout: 60_000 }, async (count) => {
  const servers = await stage.servers(count)
  const { proxies, urls, names } = await stage.proxied(servers)
  const stores = [
    await stage.opened(
      redlock(
        servers.map(({ url }) => url),
        { maxTtl: 1_000 },
      ),
    ),
  ]
  for (let index = 1; index < 3; index += 1) stores.push(await stage.opened(redlock(urls, { names, maxTtl: 1_000 })))
  proxies.forEach((proxy, index) => proxy.set({ kind: 'delay', delayMs: index, jitterMs: 4 }))
  const turns: Turn[] = []
  const endsAtMs = systemClock.monotonicMs() + RUN_MS
  const contenders = stores.flatMap((store) => Array.from({ length: LOOPS }, () => contend(store, endsAtMs, turns)))
  await sleep(RUN_MS / 3)
  await stage.client(servers[1] ?? { url: '' }).flushall()
  await Promise.all(contenders)
  judge(turns)
})

test(
  'while three servers become five, no two hold together, whichever lists they know, and tokens rise',
  { timeout: 90_000 },
  async () => {
    const all = (await stage.servers(5)).map(({ url }) => url)
    const [old, maxTtl] = [all.slice(0, 3), 500]
    const from = { nodes: old, maxTtl }
    const oldClient = await stage.opened(redlock(old, { maxTtl }))
    const servers = redlockServers(all, { maxTtl, from })
    stage.ending(() => servers.close())
    const turns: Turn[] = []
    const during = (store: OpenStore, ms: number): Promise<unknown> => {
      const endsAtMs = systemClock.monotonicMs() + ms
      return Promise.all(Array.from({ length: LOOPS }, () => contend(store, endsAtMs, turns)))
    }
    await Promise.all([during(oldClient, 1_000), servers.begin().then(({ waitMs }) => sleep(waitMs))])
    const both = await stage.opened(redlock(all, { maxTtl, from }))
    await Promise.all([during(oldClient, PHASE_MS), during(both, PHASE_MS)])
    const { waitMs } = await servers.finish({ force: true })
    await during(both, waitMs + 100)
    expect(await servers.finish()).toMatchObject({ step: 'done' })
    const next = await stage.opened(redlock(all, { maxTtl }))
    await Promise.all([during(both, PHASE_MS), during(next, PHASE_MS)])
    judge(turns)
  },
)

function judge(turns: readonly Turn[]): void {
  expect(turns.length).toBeGreaterThan(10)
  const inOrder = turns.toSorted((one, other) => (one.token < other.token ? -1 : 1))
  for (const [index, turn] of inOrder.entries()) {
    const before = inOrder[index - 1]
    if (before === undefined) continue
    promised(() => {
      expect(turn.token, 'two grants with one token').toBeGreaterThan(before.token)
      expect(turn.fromMs, 'two hold together, or a token that came out of order').toBeGreaterThanOrEqual(before.untilMs)
    })
  }
}
