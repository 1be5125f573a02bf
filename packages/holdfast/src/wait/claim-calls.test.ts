/** The calls of one wait: what an answer, a failure and an abort mean for the next of them. */
import { expect, test } from 'vitest'
import type { FaultPlan } from '../testing/unreliable.ts'
import { world } from '../client/clients.fixture.ts'
import { StoreUnavailable } from '../store/errors.ts'
import type { Hint } from '../store/store.ts'

test('an answer that came late answers once: who had a slow first ask and is hinted at gets its turn by asking', async () => {
  const { clock, client } = world()
  let asks = 0
  const slow: FaultPlan = (_, method) =>
    method === 'enter' && (asks += 1) === 1 ? { kind: 'delayed', replyMs: 300 } : undefined
  const holder = await client().locks.acquire('seat', { ttl: '30s' })
  const { locks, store } = client({}, slow)
  let tell: (hint: Hint) => void = () => undefined
  store.watch = () => new Promise((resolve) => (tell = resolve))
  const waiting = locks.acquire('seat', { ttl: '30s', wait: '1m' })
  let isHeld = false
  void waiting.then((lease) => (isHeld = lease.isHeld()))
  await clock.advance(5_000)
  await holder.release()
  tell({ kind: 'hint', memo: 'news' })
  await clock.advance(50)
  expect(isHeld).toBe(true)
  await (await waiting).release()
})

test('asks that failed at once are not waited for: a long outage costs no more with each ask', async () => {
  const { clock, client } = world()
  const { locks, store } = client()
  const calls: { readonly onRejected: number }[] = []
  let isDown = true
  const enter = store.enter.bind(store)
  store.enter = (claim) => {
    if (!isDown) return enter(claim)
    const call = Promise.reject(new StoreUnavailable('down'))
    let listeners = 0
    const then = call.then.bind(call)
    call.then = ((...parts: Parameters<typeof then>) => {
      listeners += 1
      return then(...parts)
    }) as typeof call.then
    calls.push({
      get onRejected() {
        return listeners
      },
    })
    return call
  }
  const waiting = locks.acquire('seat', { wait: '1h' })
  await clock.advance(600_000)
  expect(calls.length).toBeGreaterThan(20)
  expect(Math.max(...calls.map(({ onRejected }) => onRejected))).toBeLessThan(6)
  isDown = false
  await clock.advance(60_000)
  await (await waiting).release()
})

test.each([{ kind: 'not-applied' }, { kind: 'lost-request', silence: 'hangs' }] as const)(
  'a wait that is aborted just as it looks again asks no more, and rejects with nothing but the reason: $kind',
  async (last) => {
    const reason = new Error('enough')
    for (let turns = 0; turns < 25; turns += 1) {
      const { clock, client } = world()
      await client().locks.acquire('seat', { ttl: '30s' })
      let asks = 0
      const failing: FaultPlan = (_, method) => {
        if (method !== 'enter') return undefined
        asks += 1
        return asks === 1 ? { kind: 'not-applied' } : asks === 2 ? undefined : last
      }
      const { locks, store } = client({}, failing)
      let tell: (hint: Hint) => void = () => undefined
      store.watch = () => new Promise((resolve) => (tell = resolve))
      const controller = new AbortController()
      const waiting = locks.acquire('seat', { signal: controller.signal })
      waiting.catch(() => undefined)
      await clock.advance(1_000)
      tell({ kind: 'hint', memo: 'news' })
      // Vitest fails the run for a rejection that nobody handles.
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
      controller.abort(reason)
      await expect(waiting).rejects.toBe(reason)
    }
  },
)
