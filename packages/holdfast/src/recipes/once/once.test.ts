/** Work that is done once for each key, on virtual time: repeats, failures, deaths at work, sleepers, and ledgers that are away. */
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { fence, ledger as sqliteLedger } from '../../guards/sqlite/index.ts'
import type { Ledger } from '../ledger.ts'
import { FIRST, machines } from '../tick/machines.fixture.ts'
import { type OnceAttempt, Interrupted, Mismatch, once, type OnceOptions } from './index.ts'

const KEY = 'order-1'
const lost = { kind: 'lost-request', silence: 'throws' } as const

function world(more: Partial<OnceOptions> = {}) {
  const { clock, ledger, machine } = machines()
  let isDead = false
  const plan = (): typeof lost | undefined => (isDead ? lost : undefined)
  const [healthy, dying] = [machine(), machine(0, plan)]
  const options: OnceOptions = { ledger, interrupted: 'refuse', ...more }
  return {
    clock,
    ledger,
    here: once(healthy.locks, 'payments', options),
    /** On a machine that `kill` cuts off. */
    there: once(dying.locks, 'payments', options),
    kill: (dead = true) => void (isDead = dead),
    machine,
    options,
  }
}

/** A work that goes on until it is told to return. */
function slowWork<T>(value: T) {
  const attempts: OnceAttempt[] = []
  const { promise, resolve } = Promise.withResolvers<T>()
  return {
    attempts,
    end: () => resolve(value),
    work: (attempt: OnceAttempt): Promise<T> => {
      attempts.push(attempt)
      return promise
    },
  }
}

describe('repeats', () => {
  test('that come at once run the work once, and all are given what it returned', async () => {
    const { clock, here, there } = world()
    let runs = 0
    const calls = Array.from({ length: 10 }, (_, at) =>
      (at % 2 === 0 ? here : there).run(KEY, () => ({ run: (runs += 1) })),
    )
    await clock.advance(60_000)
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 10 }, () => ({ run: 1 })))
    expect(await here.look(KEY)).toMatchObject({ state: 'done', at: FIRST })
  })

  test('after the outcome ask no store of locks', async () => {
    const { here, there, kill } = world()
    expect(await here.run(KEY, () => undefined)).toBeUndefined()
    kill()
    expect(await there.run(KEY, () => 'again')).toBeUndefined()
  })

  test('with another fingerprint are refused, also while the first is at work', async () => {
    const { here, there } = world()
    const slow = slowWork('paid')
    const first = here.run(KEY, { fingerprint: '10 EUR' }, slow.work)
    await expect.poll(() => slow.attempts.length).toBe(1)
    await expect(there.run(KEY, { fingerprint: '12 EUR' }, () => 'again')).rejects.toThrow(Mismatch)
    slow.end()
    expect(await first).toBe('paid')
    await expect(there.run(KEY, { fingerprint: '12 EUR' }, () => 'again')).rejects.toMatchObject({ code: 'MISUSE' })
    expect(await there.run(KEY, { fingerprint: '10 EUR' }, () => 'again')).toBe('paid')
    expect(await there.run(KEY, () => 'again')).toBe('paid')
  })

  test('wait for the attempt that is at work, at most for `wait`', async () => {
    const { clock, here, there } = world({ wait: '5s' })
    const slow = slowWork('paid')
    const first = here.run(KEY, slow.work)
    await expect.poll(() => slow.attempts.length).toBe(1)
    const second = there.run(KEY, () => 'again').catch((error: unknown) => error)
    await clock.advance(6_000)
    expect(await second).toMatchObject({ code: 'WAIT_TIMEOUT' })
    expect(await there.look(KEY)).toMatchObject({ state: 'running', since: FIRST })
    slow.end()
    await first
  })

  test('later than `keep` are new work', async () => {
    const { clock, here, there } = world({ keep: '1h' })
    await here.run(KEY, () => 'first')
    await clock.advance(3_599_000)
    expect(await there.run(KEY, () => 'second')).toBe('first')
    await clock.advance(1_000)
    expect(await there.look(KEY)).toEqual({ state: 'unknown' })
    expect(await there.run(KEY, () => 'second')).toBe('second')
  })
})

describe('a work that throws', () => {
  const failing = (attempt: OnceAttempt): never => {
    throw new Error(`declined ${attempt.attempt}`)
  }

  test('is tried again by the next call, which is told which attempt it is', async () => {
    const { here, there } = world()
    await expect(here.run(KEY, failing)).rejects.toThrow('declined 1')
    expect(await there.look(KEY)).toEqual({ state: 'unknown' })
    await expect(there.run(KEY, failing)).rejects.toThrow('declined 2')
    expect(await here.run(KEY, ({ attempt }) => attempt)).toBe(3)
  })

  test('has an outcome where failures are kept', async () => {
    const { here, there } = world({ failures: 'keep' })
    await expect(here.run(KEY, failing)).rejects.toThrow('declined 1')
    await expect(there.run(KEY, () => 'again')).rejects.toThrow('declined 1')
    expect(await there.look(KEY)).toMatchObject({ state: 'failed', error: 'declined 1' })
  })
})

describe('an attempt whose process died', () => {
  /** Until its lease is over. */
  async function died({ clock, there, kill }: ReturnType<typeof world>) {
    const slow = slowWork('paid late')
    const first = there.run(KEY, slow.work)
    await expect.poll(() => slow.attempts.length).toBe(1)
    kill()
    await clock.advance(10_000)
    return { slow, first }
  }

  test('is refused until it is settled, and then has the outcome that was said', async () => {
    const here = world()
    const { first, slow } = await died(here)
    expect(await here.here.look(KEY)).toMatchObject({ state: 'interrupted', since: FIRST })
    await expect(here.here.run(KEY, () => 'again')).rejects.toThrow(Interrupted)
    await expect(here.here.run(KEY, () => 'again')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', key: KEY })
    expect(await here.here.settle(KEY, { returned: 'paid' })).toBe('settled')
    expect(await here.here.settle(KEY, 'nothing-happened')).toBe('not-interrupted')
    expect(await here.here.run(KEY, () => 'again')).toBe('paid')
    slow.end()
    await expect(first).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 'paid late' } })
    expect(await here.here.run(KEY, () => 'again')).toBe('paid')
  })

  test('is begun again after it was said that nothing had happened', async () => {
    const here = world()
    const { first, slow } = await died(here)
    expect(await here.here.settle(KEY, 'nothing-happened')).toBe('settled')
    expect(await here.here.run(KEY, ({ attempt }) => attempt)).toBe(2)
    slow.end()
    await expect(first).rejects.toMatchObject({ code: 'LEASE_LOST' })
  })

  test('is run again where that was chosen, and what wakes late changes nothing', async () => {
    const here = world({ interrupted: 'run-again' })
    const { first, slow } = await died(here)
    expect(await here.here.run(KEY, ({ attempt, key }) => ({ attempt, key }))).toEqual({ attempt: 2, key: KEY })
    here.kill(false)
    slow.end()
    await expect(first).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await expect(async () => slow.attempts[0]?.finish('paid late')).rejects.toMatchObject({
      code: expect.stringMatching(/STALE_TOKEN|LEASE_LOST/) as string,
    })
    expect(await here.there.run(KEY, () => 'third')).toEqual({ attempt: 2, key: KEY })
  })
})

describe('an effect and its outcome in one transaction', () => {
  function shop() {
    const db = new DatabaseSync(':memory:')
    db.exec('CREATE TABLE paid (key TEXT)')
    const all = world({ interrupted: 'run-again', ledger: sqliteLedger(db) })
    const guard = fence(db)
    const pay = (attempt: OnceAttempt, isBroken = false): void =>
      guard.run(attempt, () => {
        db.prepare('INSERT INTO paid VALUES (?)').run(attempt.key)
        void attempt.finish('receipt')
        if (isBroken) throw new Error('no room on the disk')
      })
    return { ...all, pay, paid: () => db.prepare('SELECT key FROM paid').all().length }
  }

  test('are rolled back together, and the next call begins anew', async () => {
    const { here, there, pay, paid } = shop()
    await expect(here.run(KEY, (attempt) => pay(attempt, true))).rejects.toThrow('no room')
    expect(paid()).toBe(0)
    expect(await there.look(KEY)).toEqual({ state: 'unknown' })
    await there.run(KEY, (attempt) => pay(attempt))
    expect(paid()).toBe(1)
    expect(await here.run(KEY, (attempt) => pay(attempt))).toBe('receipt')
    expect(paid()).toBe(1)
  })

  test('stand together, whatever the work throws afterwards', async () => {
    const { here, there, pay, paid } = shop()
    const work = (attempt: OnceAttempt): never => {
      pay(attempt)
      throw new Error('the mail server is away')
    }
    await expect(here.run(KEY, work)).rejects.toThrow('the mail server is away')
    expect(await there.run(KEY, work)).toBe('receipt')
    expect(paid()).toBe(1)
  })
})

describe('an outcome that the work wrote itself', () => {
  test('stands also where the ledger cannot be read when the work throws: the key is interrupted, and not free', async () => {
    const { ledger } = machines()
    let isAway = false
    const flaky: Ledger = {
      get: (lock) => ledger.get(lock),
      enter(lease) {
        if (isAway) throw new Error('the database is away')
        return ledger.enter(lease)
      },
      put: (lease, value) => ledger.put(lease, value),
    }
    const { here, there } = world({ ledger: flaky })
    const work = (attempt: OnceAttempt): never => {
      void attempt.finish('receipt')
      isAway = true
      throw new Error('the mail server is away')
    }
    await expect(here.run(KEY, work)).rejects.toThrow('the mail server is away')
    isAway = false
    expect(await there.run(KEY, () => 'again')).toBe('receipt')
  })

  test('is written again where it was rolled back and the work returned all the same', async () => {
    const db = new DatabaseSync(':memory:')
    const { here, there } = world({ ledger: sqliteLedger(db) })
    const guard = fence(db)
    const work = (attempt: OnceAttempt): string => {
      try {
        guard.run(attempt, () => {
          void attempt.finish('rolled back')
          throw new Error('no room on the disk')
        })
      } catch {
        // The work did it in another way.
      }
      return 'done otherwise'
    }
    expect(await here.run(KEY, work)).toBe('done otherwise')
    expect(await there.run(KEY, work)).toBe('done otherwise')
  })
})

describe('a ledger that is away', () => {
  function away(isAway: () => boolean) {
    const { ledger } = machines()
    const broken = new Error('the database is away')
    const guarded: Ledger = {
      get: (lock) => ledger.get(lock),
      enter: (lease) => ledger.enter(lease),
      put(lease, value) {
        if (isAway()) throw broken
        return ledger.put(lease, value)
      },
    }
    return guarded
  }

  test('lets nothing begin', async () => {
    const { clock, here } = world({ ledger: away(() => true) })
    let runs = 0
    const call = here.run(KEY, () => (runs += 1)).catch((error: unknown) => error)
    await clock.advance(10_000)
    expect(await call).toMatchObject({ message: 'the database is away' })
    expect(runs).toBe(0)
  })

  test('makes the outcome of a work that has returned unknown, and the key interrupted', async () => {
    let isAway = false
    const { clock, here, there } = world({ ledger: away(() => isAway) })
    const work = (): string => {
      isAway = true
      return 'paid'
    }
    const call = here.run(KEY, work).catch((error: unknown) => error)
    await clock.advance(10_000)
    expect(await call).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    isAway = false
    expect(await there.look(KEY)).toMatchObject({ state: 'interrupted' })
    await expect(there.run(KEY, () => 'again')).rejects.toThrow(Interrupted)
  })
})
