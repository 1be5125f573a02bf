/** Signs of life of a session: one for all that renew together, and another one where the first gets no answer. */
import { expect, test } from 'vitest'
import { settle, virtualClock } from '../../testing/virtual-clock.ts'
import { type Stamp, stampOf } from '../../time/clock.ts'
import { etcdFactsOf } from '../etcd/facts.ts'
import type { EngineSession } from './engine.ts'
import { type SessionLife, SessionPool } from './session-pool.ts'

const TTL_MS = 6_000
const facts = etcdFactsOf({ version: '3.5.0', memberCount: 3, errors: [], leaseMsMin: 2_000 })

/** Sessions of an engine that answers a sign of life when it is told to. */
class Sessions implements SessionLife<EngineSession> {
  readonly facts = facts
  readonly clock = virtualClock()
  readonly answers: (() => void)[] = []

  begin(ttlMs: number, delayMs: number): Promise<EngineSession> {
    return Promise.resolve({ ttlMs, delayMs, askedAt: stampOf(this.clock), isDead: false })
  }

  async beat(session: EngineSession, needsSign: boolean): Promise<ReadonlyMap<string, string>> {
    if (needsSign) {
      const asked: { askedAt: Stamp } = { askedAt: stampOf(this.clock) }
      await new Promise<void>((resolve) => this.answers.push(resolve))
      Object.assign(session, asked)
    }
    return new Map()
  }

  end(): Promise<void> {
    return Promise.resolve()
  }
}

test('all that renew together send one sign of life', async () => {
  const sessions = new Sessions()
  const pool = new SessionPool(sessions, sessions.clock)
  const session = await pool.sessionFor(TTL_MS, 0)
  await sessions.clock.advance(TTL_MS / 3)
  const renewals = Promise.all([pool.beat(session), pool.beat(session), pool.freshen(session)])
  await settle()
  expect(sessions.answers).toHaveLength(1)
  sessions.answers[0]?.()
  await renewals
  await pool.beat(session)
  expect(sessions.answers).toHaveLength(1)
})

test('a renewal sends a sign of its own where the last one has not been answered for a while', async () => {
  const sessions = new Sessions()
  const pool = new SessionPool(sessions, sessions.clock)
  const session = await pool.sessionFor(TTL_MS, 0)
  await sessions.clock.advance(TTL_MS / 3)
  void pool.beat(session)
  await sessions.clock.advance(TTL_MS / 3)
  const renewed = pool.beat(session)
  await settle()
  expect(sessions.answers).toHaveLength(2)
  sessions.answers[1]?.()
  await renewed
  expect(pool.isOver(session)).toBe(false)
})
