import { describe, expect, test } from 'vitest'
import { holdfast } from '../holdfast.ts'
import { memory, memoryEngine } from '../stores/memory/index.ts'
import { unreliable } from '../testing/unreliable.ts'
import { virtualClock } from '../testing/virtual-clock.ts'

describe('a grant', () => {
  test('counts from its request, not from its answer', async () => {
    const clock = virtualClock()
    const store = unreliable(memory(memoryEngine()), (_, method) => {
      if (method === 'enter') return { kind: 'delayed', replyMs: 150 }
      return method === 'renew' ? { kind: 'lost-request', silence: 'hangs' } : undefined
    })
    const locks = holdfast(store, { clock, ttl: 1_000 })
    const waiting = locks.acquire('seat')
    await clock.advance(150)
    const lease = await waiting
    await clock.advance(830)
    expect(lease.isHeld()).toBe(true)
    await clock.advance(15)
    expect(lease.isHeld()).toBe(false)
  })

  test('that is about to end is renewed before it is handed out', async () => {
    const clock = virtualClock()
    let enters = 0
    const store = unreliable(memory(memoryEngine()), (_, method) => {
      if (method === 'enter') return (enters += 1) === 1 ? { kind: 'lost-reply', silence: 'hangs' } : undefined
      return method === 'renew' ? { kind: 'delayed', requestMs: 4, replyMs: 16 } : undefined
    })
    // Asked again after 200 ms: 10 ms are left of the life, and a renewal takes 20.
    const locks = holdfast(store, { clock, ttl: 210 })
    const waiting = locks.acquire('seat')
    await clock.advance(300)
    const lease = await waiting
    expect(enters).toBe(2)
    await clock.advance(2_000)
    expect(lease.isHeld()).toBe(true)
  })
})
