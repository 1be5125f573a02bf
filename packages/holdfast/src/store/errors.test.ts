import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import * as errors from './errors.ts'

const { HoldfastError, LeaseLost, Misuse, StaleToken, StoreUnavailable } = errors

/** A second copy of the module, as a second bundle or another version would bring it. */
async function secondCopy(): Promise<typeof errors> {
  vi.resetModules()
  const copy = await import('./errors.ts')
  expect(copy.LeaseLost).not.toBe(LeaseLost)
  return copy
}

const ofEachClass = (from: typeof errors): readonly errors.HoldfastError[] => [
  new from.WaitTimeout('', { waitedMs: 1 }),
  new from.LeaseLost(''),
  new from.StaleToken('', { held: 1n, needed: 2n }),
  new from.OutcomeUnknown(''),
  new from.StoreUnavailable(''),
  new from.Misuse(''),
  new from.Unsupported(''),
  new from.NotApplied(''),
]

describe('an error of another copy of the library', () => {
  test('is an instance of the class of its code here, and of the base, and of no other', async () => {
    const copy = await secondCopy()
    const here = ofEachClass(errors)
    const there = ofEachClass(copy)
    expect(new Set(here.map(({ code }) => code))).toEqual(new Set(Object.keys(errors.errorCodes)))
    here.forEach((own, index) => {
      there.forEach((foreign, other) => {
        expect(foreign instanceof (own.constructor as typeof HoldfastError), own.code).toBe(index === other)
      })
      expect(there[index]).toBeInstanceOf(HoldfastError)
    })
  })
})

describe('instanceof', () => {
  test('finds in nothing else an error of ours', () => {
    const strangers = [null, undefined, 'LEASE_LOST', 1n, { code: 'LEASE_LOST' }, new Error('LEASE_LOST'), LeaseLost]
    for (const stranger of [...strangers, LeaseLost.prototype]) {
      expect(stranger instanceof HoldfastError).toBe(false)
      expect(stranger instanceof LeaseLost).toBe(false)
    }
  })

  test('goes by the prototype for a class that a program derives from one of ours', () => {
    class SeatLost extends LeaseLost {}
    expect(new SeatLost('')).toBeInstanceOf(SeatLost)
    expect(new SeatLost('')).toBeInstanceOf(LeaseLost)
    expect(new SeatLost('')).not.toBeInstanceOf(Misuse)
    expect(new LeaseLost('')).not.toBeInstanceOf(SeatLost)
  })

  test('costs a log no line for the mark', () => {
    const shown = inspect(new StaleToken('stale', { held: 33n, needed: 34n }))
    expect(shown).not.toContain('Symbol')
    expect(Object.keys(new StoreUnavailable('away'))).toEqual(['code', 'resource', 'name', 'isFinal'])
  })
})
