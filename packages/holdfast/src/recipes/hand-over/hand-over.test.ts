/** What a hand-over promises on virtual time: never free in between, one holder at a time, and a secret that stays one. */
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { world } from '../../client/clients.fixture.ts'
import { fence } from '../../guards/sqlite/index.ts'
import { emptyLine } from '../../line/line.ts'
import { enterLine, renewInLine } from '../../line/transition.ts'
import type { FaultPlan } from '../../testing/unreliable.ts'
import { adopt, AlreadyAdopted, handOver } from './index.ts'

const NAME = 'deploy'
const TTL_MS = 9_000

function jobs() {
  const around = world()
  const job = (plan?: FaultPlan) => around.client({}, plan).locks
  return { ...around, job }
}

describe('a lock that is handed over', () => {
  test('is never free in between, keeps its token, and is given back by its receiver', async () => {
    const { clock, job, line } = jobs()
    const [first, second, other] = [job(), job(), job()]
    const lease = await first.acquire(NAME)
    const { token } = lease
    const waiter = other.acquire(NAME, { wait: '2h' })
    await clock.advance(10)
    const handing = handOver(first, lease, { within: '1h' })
    await clock.advance(10)
    const text = await handing
    expect(lease.state).toBe('released')
    expect(() => lease.assertHeld()).toThrow(/was released before/)
    expect(await lease.release()).toBe('released')
    await first.close()
    await clock.advance(40 * 60_000)
    const adopted = await adopt(second, text)
    expect([adopted.token, adopted.isHeld()]).toEqual([token, true])
    await clock.advance(5 * TTL_MS)
    expect(adopted.isHeld()).toBe(true)
    expect((await line(NAME)).claims.map(({ state }) => state)).toEqual(['held', 'waiting'])
    expect(await adopted.release()).toBe('released')
    await clock.advance(100)
    expect((await waiter).token).toBeGreaterThan(token)
  })

  test('is accepted by a guard under the same token, and refused for nobody but the next holder', async () => {
    const { clock, job } = jobs()
    const [first, second] = [job(), job()]
    const guard = fence(new DatabaseSync(':memory:'), { clock })
    const lease = await first.acquire(NAME)
    guard.enter(lease)
    const handing = handOver(first, lease)
    await clock.advance(10)
    const adopted = await adopt(second, await handing)
    expect(guard.run(adopted, () => 'written')).toBe('written')
    expect(() => guard.run(lease, () => 'late')).toThrow(/was released before/)
  })

  test('goes to one of two that race for it, a thousand times', async () => {
    const { clock, job } = jobs()
    const [first, second, third] = [job(), job(), job()]
    for (let race = 0; race < 1_000; race += 1) {
      const lease = await first.acquire(NAME)
      const handing = handOver(first, lease)
      await clock.advance(1)
      const text = await handing
      const ends = await Promise.allSettled([adopt(second, text), adopt(third, text)])
      const adopted = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
      const refused = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []))
      expect(adopted).toHaveLength(1)
      expect(refused[0]).toBeInstanceOf(AlreadyAdopted)
      await adopted[0]?.release()
    }
  })

  test('may be handed over again by its receiver', async () => {
    const { clock, job } = jobs()
    const [first, second, third] = [job(), job(), job()]
    const lease = await first.acquire(NAME)
    const { token } = lease
    const handing = handOver(first, lease)
    await clock.advance(10)
    const adopted = await adopt(second, await handing)
    const again = handOver(second, adopted, { within: '1m' })
    await clock.advance(10)
    expect(adopted.isHeld()).toBe(false)
    expect((await adopt(third, await again)).token).toBe(token)
  })

  test('is free after `within` when it is not adopted, and late receivers disturb nobody', async () => {
    const { clock, job, line } = jobs()
    const [first, second, other] = [job(), job(), job()]
    const handing = handOver(first, await first.acquire(NAME), { within: '1m' })
    await clock.advance(10)
    const text = await handing
    expect(await other.tryAcquire(NAME)).toBe(null)
    await clock.advance(61_000)
    const next = await other.tryAcquire(NAME)
    expect(next?.isHeld()).toBe(true)
    await expect(adopt(second, text)).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(next?.isHeld()).toBe(true)
    expect((await line(NAME)).claims).toHaveLength(1)
  })

  test('sends no renewal of its giver any more', async () => {
    const around = world()
    let renewals = 0
    const { locks } = around.client({}, undefined, (open) => ({
      renew: (asked) => ((renewals += asked.length), open.renew(asked)),
    }))
    const handing = handOver(locks, await locks.acquire(NAME), { within: '1h' })
    await around.clock.advance(10)
    await handing
    const before = renewals
    await around.clock.advance(10 * TTL_MS)
    expect(renewals).toBe(before)
    expect(around.clock.timers).toBe(0)
  })

  test('whose receiver died is free when its lease has ended, and is never adopted a second time', async () => {
    const { clock, job } = jobs()
    let isDead = false
    const [first, second, third] = [job(), job(() => (isDead ? { kind: 'unavailable' } : undefined)), job()]
    const handing = handOver(first, await first.acquire(NAME), { within: '1h' })
    await clock.advance(10)
    const text = await handing
    const adopted = await adopt(second, text)
    await clock.advance(20_000)
    isDead = true
    const ends: string[] = []
    for (let passedMs = 0; passedMs < 60_000; passedMs += 250) {
      await clock.advance(250)
      await adopt(third, text).then(
        () => ends.push('adopted'),
        (error: unknown) => ends.push(error instanceof AlreadyAdopted ? 'already' : String(error).slice(0, 9)),
      )
    }
    expect(adopted.isHeld()).toBe(false)
    expect(new Set(ends)).toEqual(new Set(['already', 'LeaseLost']))
    expect(await third.tryAcquire(NAME)).not.toBe(null)
  })

  test('and then is lost leaves the mutex of its adoption taken, until no rest of the lease can be left', async () => {
    const { clock, job, line } = jobs()
    const [first, second] = [job(), job()]
    const handing = handOver(first, await first.acquire(NAME), { within: '1h' })
    await clock.advance(10)
    const text = await handing
    const adopted = await adopt(second, text)
    await clock.advance(200)
    await first.evict(NAME, { token: adopted.token, reason: 'a test' })
    await clock.advance(4_000)
    expect(adopted.isHeld()).toBe(false)
    const { names } = await first.list({ prefix: 'adopted:' })
    expect((await line(names[0] ?? '')).claims).toHaveLength(1)
    await adopted.release()
    await clock.advance(60_000)
    expect((await first.list({ prefix: 'adopted:' })).names).toEqual([])
  })

  test('belongs to no process from then on', () => {
    const moment = { nowMs: 0, tokenScaleUs: 1n }
    const claim = { resource: 'n!r', id: 'a', weight: 1, capacity: 1, ttlMs: 9_000, queue: false, lockDelayMs: 0 }
    const { line } = enterLine(emptyLine, { ...claim, note: '', owner: '' }, 'process 7', moment)
    const handed = renewInLine(line, { resource: 'n!r', id: 'a' }, 9_000, undefined, moment, true)
    expect(handed.line.claims[0]?.channel).not.toBe('process 7')
    expect(renewInLine(line, { resource: 'n!r', id: 'a' }, 9_000, undefined, moment).line.claims[0]?.channel).toBe(
      'process 7',
    )
  })
})

describe('a hand-over', () => {
  test('rejects when its last renewal is not answered, and the lock is free within its ttl', async () => {
    const { clock, job } = jobs()
    let isAway = false
    const first = job(() => (isAway ? { kind: 'unavailable' } : undefined))
    const lease = await first.acquire(NAME)
    isAway = true
    const handing = handOver(first, lease, { within: '1h' })
    await Promise.all([expect(handing).rejects.toMatchObject({ code: 'LEASE_LOST' }), clock.advance(TTL_MS + 1_000)])
    expect(await job().tryAcquire(NAME)).not.toBe(null)
  })

  test('for longer than an hour is told of', async () => {
    const { clock, client } = jobs()
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => void warnings.push(text) }
    const { locks } = client({ logger })
    const handing = handOver(locks, await locks.acquire(NAME), { within: '2h' })
    await clock.advance(10)
    await handing
    expect(warnings).toEqual([expect.stringMatching(/^"deploy" is handed over for 2 ?h/)])
  })

  test('adopted while the store is away is tried for a while, and leaves the lock to others', async () => {
    const { clock, job } = jobs()
    let renewals = 0
    const first = job()
    const second = job((_, method) =>
      method === 'renew' && (renewals += 1) <= 3 ? { kind: 'lost-request', silence: 'throws' } : undefined,
    )
    const handing = handOver(first, await first.acquire(NAME), { within: '1h' })
    await clock.advance(10)
    const adopting = adopt(second, await handing)
    await clock.advance(20_000)
    expect((await adopting).isHeld()).toBe(true)
  })

  test('is refused for what is no lease of this client, and for a text that is none, without showing it', async () => {
    const { clock, job } = jobs()
    const [first, second] = [job(), job()]
    const lease = await first.acquire(NAME)
    await expect(handOver(second, lease)).rejects.toThrow(/of this very client/)
    await expect(handOver(first, lease, { within: '24h' })).rejects.toThrow(/within must be/)
    await expect(adopt(second, 'sesame')).rejects.toThrow(/no text of handOver/)
    const handing = handOver(first, lease)
    await clock.advance(10)
    const text = await handing
    const secret = text.split('/')[5] ?? ''
    expect(secret).toMatch(/^[0-9a-f]{32}$/)
    const errors = await Promise.all(
      [`${text}/1`, text.replace('exclusive', 'other'), text.slice(1)].map((wrong) =>
        adopt(second, wrong).catch(String),
      ),
    )
    for (const error of errors) expect(error).not.toContain(secret)
    const shown = JSON.stringify(await first.inspect(NAME), (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    expect(shown).not.toContain(secret)
    const adopted = await adopt(second, text)
    expect(JSON.stringify([adopted, await first.list()])).not.toContain(secret)
    const error: unknown = await adopt(first, text).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(AlreadyAdopted)
    expect(String(error)).not.toContain(secret)
  })

  test('does not take the answer to an earlier renewal for that to its last one', async () => {
    const { clock, client } = jobs()
    const waiting: (() => void)[] = []
    let isSlow = false
    const { locks } = client({}, undefined, (open) => ({
      renew: async (asked) => {
        if (isSlow) await new Promise<void>((resolve) => waiting.push(resolve))
        return await open.renew(asked)
      },
    }))
    const lease = await locks.acquire(NAME)
    isSlow = true
    await clock.advance(3_500)
    let isHanded = false
    const handing = handOver(locks, lease, { within: '1h' }).then(() => (isHanded = true))
    await clock.advance(10)
    waiting[0]?.()
    await clock.advance(10)
    expect([waiting.length, isHanded, lease.isHeld()]).toEqual([2, false, true])
    waiting[1]?.()
    await clock.advance(10)
    await handing
    expect(isHanded).toBe(true)
  })
})
