import { describe, expect, test } from 'vitest'
import type { Claim } from '../store/claim.ts'
import { emptyLine, type Line } from '../line/line.ts'
import {
  enterLine,
  evictFromLine,
  leaveLine,
  type Moment,
  nextToken,
  claimStateOf,
  renewInLine,
  sweep,
} from '../line/transition.ts'

const at = (nowMs: number): Moment => ({ nowMs, tokenScaleUs: 1_000n })

function claim(id: string, rest: Partial<Claim> = {}): Claim {
  const shared = { resource: 'shop!seat', weight: 1, capacity: 1, queue: true, note: '', owner: 'test' }
  return { ...shared, id, ttlMs: 1_000, lockDelayMs: 0, ...rest }
}

function entered(line: Line, one: Claim, nowMs: number): Line {
  return enterLine(line, one, 'channel', at(nowMs)).line
}

describe('what has ended', () => {
  test('a lock-delay is not prolonged by a holder that goes on renewing', () => {
    const held = entered(emptyLine, claim('one', { lockDelayMs: 500 }), 0)
    const waiting = entered(held, claim('two', { ttlMs: 10_000 }), 900)
    let line = waiting
    for (let nowMs = 1_000; nowMs < 1_500; nowMs += 100) {
      const step = renewInLine(line, { resource: 'shop!seat', id: 'one', token: 1_000n }, 1_000, undefined, at(nowMs))
      expect(step.answer.kind).toBe('gone')
      line = step.line
    }
    const { line: after } = enterLine(line, claim('two', { ttlMs: 10_000 }), 'channel', at(1_500))
    expect(claimStateOf(after, 'two', at(1_500)).kind).toBe('held')
  })

  test('a minimum hold is not prolonged by renewing or request again', () => {
    const held = entered(emptyLine, claim('one'), 0)
    const ref = { resource: 'shop!seat', id: 'one', token: 1_000n }
    let { line } = leaveLine(held, ref, 500, at(100))
    line = renewInLine(line, ref, 1_000, undefined, at(300)).line
    const again = leaveLine(line, ref, 500, at(400))
    expect(again.answer).toBe('gone')
    expect(sweep(again.line, at(600)).claims).toHaveLength(0)
  })

  test('an evicted claim is gone for enter, renew and leave alike', () => {
    const held = entered(emptyLine, claim('one', { lockDelayMs: 500 }), 0)
    const { line } = evictFromLine(held, 1_000n, 'maintenance', at(100))
    const gone = { kind: 'gone', reason: 'maintenance' }
    const ref = { resource: 'shop!seat', id: 'one', token: 1_000n }
    expect(enterLine(line, claim('one'), 'channel', at(200)).answer).toEqual(gone)
    expect(renewInLine(line, ref, 1_000, undefined, at(200)).answer).toEqual(gone)
    expect(leaveLine(line, ref, 0, at(200)).answer).toBe('gone')
  })

  test('the place of a waiter that is not renewed ends within 15 s, however long its ttl', () => {
    const held = entered(emptyLine, claim('one', { ttlMs: 3_600_000 }), 0)
    const line = entered(held, claim('two', { ttlMs: 3_600_000 }), 0)
    expect(claimStateOf(line, 'two', at(14_999)).kind).toBe('queued')
    expect(sweep(line, at(15_000)).claims.map(({ id }) => id)).toEqual(['one'])
  })
})

describe('the next token', () => {
  const after = (lastToken: bigint, tokenScaleUs: bigint): bigint => nextToken(lastToken, { nowMs: 0, tokenScaleUs })

  test('is larger than the last one, compared as a number', () => {
    expect(after(100n, 99n)).toBe(101n)
    expect(after(9n, 10n)).toBe(10n)
    expect(after(10n, 10n)).toBe(11n)
  })

  test('is exact beyond what a double can hold', () => {
    expect(after(2n ** 53n, 2n ** 53n)).toBe(2n ** 53n + 1n)
  })
})
