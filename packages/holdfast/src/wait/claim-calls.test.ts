/** The calls of one wait: what an answer, a failure and an abort mean for the next of them. */
import { expect, test } from 'vitest'
import type { FaultPlan } from '../testing/unreliable.ts'
import { world } from '../client/clients.fixture.ts'
import { StoreUnavailable } from '../store/errors.ts'
import type { Hint } from '../store/standing.ts'

test('an answer that came late answers once: who had a slow first ask and is hinted at gets its turn by asking', async () => {
  const { clock, client } = world()
  let asks = 0
  const slow: FaultPlan = (_, method) =>
    method === 'enter' && (asks += 1) === 1 ? { kind: 'delayed', replyMs: 300 } : undefined
  const holder = await client().locks.acquire('seat', { ttl: '30s' })
  let tell: (hint: Hint) => void = () => undefined
  const { locks } = client({}, slow, () => ({ watch: () => new Promise((resolve) => (tell = resolve)) }))
  const waiting = locks.acquire('seat', { ttl: '30s', wait: '1m' })
  let isHeld = false
  void waiting.then((lease) => (isHeld = lease.isHeld()))
  await clock.advance(5_000)
  await holder.release()
  tell({ kind: 'hint' })
  await clock.advance(50)
  expect(isHeld).toBe(true)
  await (await waiting).release()
})

test('asks that failed at once are not waited for: a long outage costs no more with each ask', async () => {
  const { clock, client } = world()
  const calls: { readonly onRejected: number }[] = []
  let isDown = true
  const failing = (): Promise<never> => {
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
  const { locks } = client({}, undefined, (open) => ({ enter: (claim) => (isDown ? failing() : open.enter(claim)) }))
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
      let tell: (hint: Hint) => void = () => undefined
      const { locks } = client({}, failing, () => ({ watch: () => new Promise((resolve) => (tell = resolve)) }))
      const controller = new AbortController()
      const waiting = locks.acquire('seat', { signal: controller.signal })
      waiting.catch(() => undefined)
      await clock.advance(1_000)
      tell({ kind: 'hint' })
      // Vitest fails the run for a rejection that nobody handles.
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
      controller.abort(reason)
      await expect(waiting).rejects.toBe(reason)
    }
  },
)
