import type { Fault } from 'holdfast/testing'
import { describe, expect, it } from 'vitest'
import { failNthCall } from './nth-call.ts'

const faults: readonly (readonly [string, Fault])[] = [
  ['the request is lost and nothing is ever heard', { kind: 'lost-request', silence: 'hangs' }],
  ['the request is lost and the connection breaks', { kind: 'lost-request', silence: 'throws' }],
  ['the reply is lost and nothing is ever heard', { kind: 'lost-reply', silence: 'hangs' }],
  ['the reply is lost and the connection breaks', { kind: 'lost-reply', silence: 'throws' }],
  ['the store did nothing and says so', { kind: 'not-applied' }],
  ['the store is unavailable', { kind: 'unavailable' }],
  ['the request arrives twice', { kind: 'duplicated', afterMs: 900 }],
  ['the request is late', { kind: 'delayed', requestMs: 700 }],
  ['the reply is late', { kind: 'delayed', replyMs: 700 }],
]

/** The scenario makes about thirty calls; more than this means that something asks without pause. */
const CALLS_MAX = 120

describe('one call to the store fails, whichever it is', () => {
  it.each(faults)('%s: nothing is believed wrongly and nothing is left behind', async (_, fault) => {
    const problems: string[] = []
    let calls = Number.POSITIVE_INFINITY
    let callIndex = 0
    for (; callIndex < calls; callIndex += 1) {
      const attempt = await failNthCall(callIndex, fault)
      calls = attempt.calls
      expect(calls).toBeLessThan(CALLS_MAX)
      problems.push(...attempt.problems.map((problem) => `call ${callIndex} (${attempt.method ?? 'none'}): ${problem}`))
    }
    expect(problems).toEqual([])
    expect(callIndex).toBeGreaterThan(20)
  })
})
