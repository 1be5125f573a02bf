import { describe, expect, test } from 'vitest'
import { holdfast } from '../holdfast.ts'
import { memory, memoryEngine } from '../stores/memory/index.ts'
import { unreliable } from '../testing/unreliable.ts'
import { virtualClock } from '../testing/virtual-clock.ts'

describe('a wait that has ended', () => {
  test('takes back a grant whose request was on its way all the time', async () => {
    const [clock, engine] = [virtualClock(), memoryEngine()]
    const slow = unreliable(memory(engine), (_, method) =>
      method === 'enter' ? { kind: 'delayed', requestMs: 7_000 } : undefined,
    )
    const locks = holdfast(slow, { clock, ttl: '60s' })
    const waiting = locks.acquire('seat', { wait: '1s' })
    waiting.catch(() => undefined)
    await clock.advance(6_000)
    await expect(waiting).rejects.toThrow()
    await clock.advance(8_000)
    expect(clock.timers).toBe(0)
    const observer = holdfast(memory(engine), { clock })
    expect((await observer.inspect('seat')).claims).toHaveLength(0)
  })

  test('does not go on keeping its place alive when the last heartbeat is never answered', async () => {
    const [clock, engine] = [virtualClock(), memoryEngine()]
    const holder = holdfast(memory(engine), { clock, ttl: '60s' })
    const lease = await holder.acquire('seat')
    let heartbeats = 0
    const deaf = unreliable(memory(engine), (_, method) => {
      if (method !== 'renew') return undefined
      heartbeats += 1
      return { kind: 'lost-request', silence: 'hangs' }
    })
    const locks = holdfast(deaf, { clock, ttl: '60s' })
    const controller = new AbortController()
    const waiting = locks.acquire('seat', { signal: controller.signal })
    waiting.catch(() => undefined)
    for (let spentMs = 0; heartbeats === 0 && spentMs < 15_000; spentMs += 10) await clock.advance(10)
    controller.abort(new Error('gave up'))
    await expect(waiting).rejects.toThrow('gave up')
    await clock.advance(20_000)
    expect(heartbeats).toBe(1)
    await lease.release()
    await Promise.all([holder.close(), locks.close()])
    await clock.advance(1)
    expect(clock.timers).toBe(0)
  })
})
