/** A wait may be cancelled, and a client closed, at any await there is: here at each one in turn. */
import { expect, test } from 'vitest'
import type { FaultPlan } from '../testing/unreliable.ts'
import { settle } from '../testing/virtual-clock.ts'
import { world } from './clients.fixture.ts'

/** More turns of the microtask queue than any path through a hand-off has. */
const POINTS = 60

async function microtasks(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve()
}

const direct: FaultPlan = () => undefined
const delayed: FaultPlan = (_, method) =>
  method === 'watch' ? undefined : { kind: 'delayed', requestMs: 1, replyMs: 1 }

test.each([
  ['a store that answers at once', direct],
  ['a store that answers late', delayed],
])('a wait that is aborted at any point around a hand-off leaves nothing behind, on %s', async (_, plan) => {
  let granted = 0
  for (let point = 0; point < POINTS; point += 1) {
    const { clock, client, line } = world()
    const holder = await client().locks.acquire('seat')
    const controller = new AbortController()
    const waiting = client({}, plan).locks.acquire('seat', { signal: controller.signal })
    waiting.catch(() => undefined)
    await clock.advance(10)
    const released = holder.release()
    await microtasks(point)
    controller.abort(new Error('enough'))
    await clock.advance(100)
    await released
    const lease = await waiting.catch(() => undefined)
    if (lease !== undefined) {
      granted += 1
      expect(lease.isHeld()).toBe(true)
      await Promise.all([lease.release(), clock.advance(100)])
    }
    await clock.advance(100)
    expect((await line('seat')).claims, `aborted at point ${point}`).toHaveLength(0)
    await settle()
    expect(clock.timers, `aborted at point ${point}`).toBe(0)
  }
  // Both ends were reached, so the points in between were as well.
  expect(plan === direct ? granted : POINTS - granted).toBeGreaterThan(0)
})

test('a first ask that is aborted at any point leaves nothing behind', async () => {
  for (let point = 0; point < POINTS; point += 1) {
    const { clock, client, line } = world()
    const controller = new AbortController()
    const waiting = client().locks.acquire('seat', { signal: controller.signal })
    waiting.catch(() => undefined)
    await microtasks(point)
    controller.abort(new Error('enough'))
    const lease = await waiting.catch(() => undefined)
    await lease?.release()
    await clock.advance(100)
    expect((await line('seat')).claims, `aborted at point ${point}`).toHaveLength(0)
  }
})

test('a client that is closed at any point of a using gives everything back and tells the work', async () => {
  let begun = 0
  for (let point = 0; point < POINTS; point += 1) {
    const { clock, client, line } = world()
    const { locks } = client()
    let entered = false
    const working = locks.using('seat', async (lease) => {
      entered = true
      await new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
    })
    working.catch(() => undefined)
    await microtasks(point)
    const closed = locks.close()
    await clock.advance(100)
    await closed
    // Closed just after the grant, the lease is lost before the work begins, and then the work does not begin.
    await expect(working).rejects.toMatchObject({
      code: entered ? 'LEASE_LOST' : expect.stringMatching(/^(LEASE_LOST|STORE_UNAVAILABLE)$/),
    })
    begun += entered ? 1 : 0
    expect((await line('seat')).claims, `closed at point ${point}`).toHaveLength(0)
    await settle()
    expect(clock.timers, `closed at point ${point}`).toBe(0)
  }
  expect(begun).toBeGreaterThan(0)
})
