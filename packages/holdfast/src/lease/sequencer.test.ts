import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Misuse } from '../store/errors.ts'
import type { Mode, Sequencer } from './lease.ts'
import { NAME_BYTES_MAX, SEQUENCER_LENGTH_MAX, TOKEN_MAX } from '../store/limits.ts'
import { acceptSequencer, type ExpectedLock, fencingToken, formatSequencer, parseSequencer } from './sequencer.ts'

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60 })
  .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= NAME_BYTES_MAX)
const sequencer: fc.Arbitrary<Sequencer> = fc.record({
  namespace: name,
  name,
  mode: fc.constantFrom<Mode>('exclusive', 'shared', 'permit'),
  token: fc.bigInt(1n, TOKEN_MAX),
})

const sample: Sequencer = { namespace: 'shop', name: 'seat:14A', mode: 'exclusive', token: 1_763_726_000_000_001n }

describe('a sequencer', () => {
  it('names the lock, the mode and the token', () => {
    expect(formatSequencer(sample)).toBe('shop/seat:14A/exclusive/1763726000000001')
    expect(parseSequencer('shop/seat:14A/exclusive/1763726000000001')).toEqual(sample)
  })

  it('is read back as what it was made of, whatever the names', () => {
    fc.assert(
      fc.property(sequencer, (lock) => {
        expect(parseSequencer(formatSequencer(lock))).toEqual(lock)
      }),
    )
  })

  it('keeps a byte order mark at the start of a name', () => {
    const lock = { ...sample, name: '\ufeffseat' }
    expect(parseSequencer(formatSequencer(lock)).name).toBe('\ufeffseat')
  })

  it('goes through a URL query, a header and an environment variable as it is', () => {
    fc.assert(
      fc.property(sequencer, (lock) => {
        const text = formatSequencer(lock)
        expect(text).toMatch(/^[A-Za-z0-9\-_.:@/]+$/)
        expect(new URL(`http://localhost/?lock=${text}`).searchParams.get('lock')).toBe(text)
        expect(new Headers({ 'fencing-token': text }).get('fencing-token')).toBe(text)
      }),
    )
  })

  it('of the longest names and the largest token has the greatest length that is let in', () => {
    const long = '\u{1F512}'.repeat(NAME_BYTES_MAX / 4)
    const text = formatSequencer({ namespace: long, name: long, mode: 'exclusive', token: TOKEN_MAX })
    expect(text).toHaveLength(SEQUENCER_LENGTH_MAX)
    expect(parseSequencer(text).name).toBe(long)
    expect(() => parseSequencer(`${text}0`)).toThrow(/at most 1231/)
  })

  it.each([
    '',
    '/',
    '///',
    'shop/seat/exclusive',
    'shop/seat/exclusive/1/',
    'shop/seat/exclusive/1/2',
    'shop//exclusive/1',
    '/seat/exclusive/1',
    'shop/seat/Exclusive/1',
    'shop/seat/toString/1',
    'shop/seat/exclusive/',
    'shop/seat/exclusive/0',
    'shop/seat/exclusive/01',
    'shop/seat/exclusive/-1',
    'shop/seat/exclusive/+1',
    'shop/seat/exclusive/1.0',
    'shop/seat/exclusive/1e3',
    'shop/seat/exclusive/0x1',
    'shop/seat/exclusive/1n',
    'shop/seat/exclusive/ 1',
    'shop/seat/exclusive/1\n',
    'shop/seat/exclusive/١',
    'shop/seat/exclusive/9223372036854775808',
    'shop/seat/exclusive/99999999999999999999',
    ' shop/seat/exclusive/1',
    'shop/se at/exclusive/1',
    'shop/se%20at/exclusive/1',
    'shop/se@41at/exclusive/1',
    'shop/se@2fat/exclusive/1',
    'shop/se@2/exclusive/1',
    'shop/@00/exclusive/1',
    'shop/@ED@A0@80/exclusive/1',
    'shop/@C0@AF/exclusive/1',
  ])('is not %j', (text) => {
    expect(() => parseSequencer(text)).toThrow(Misuse)
  })

  it('with a name that is too long, or of any great length, is refused', () => {
    expect(() => parseSequencer(`shop/${'x'.repeat(NAME_BYTES_MAX + 1)}/exclusive/1`)).toThrow(/200 bytes/)
    expect(() => parseSequencer('/'.repeat(1_000_000))).toThrow(/at most 1231/)
  })

  it.each([null, undefined, 7, {}, ['shop/seat/exclusive/1']])('is not %j', (value) => {
    expect(() => parseSequencer(value as string)).toThrow(Misuse)
  })

  it('has one spelling: any text is refused, or is what it would be written as', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.tuple(sequencer, fc.nat(), fc.string({ minLength: 1, maxLength: 3 })).map(([lock, at, piece]) => {
        const whole = formatSequencer(lock)
        const cut = at % (whole.length + 1)
        return whole.slice(0, cut) + piece + whole.slice(cut + 1)
      }),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        let parsed: Sequencer
        try {
          parsed = parseSequencer(candidate)
        } catch (error) {
          expect(error).toBeInstanceOf(Misuse)
          return
        }
        expect(formatSequencer(parsed)).toBe(candidate)
      }),
      { numRuns: 1000 },
    )
  })

  it('is not made of a lock that is none', () => {
    expect(() => formatSequencer({ ...sample, mode: 'mutex' as Mode })).toThrow(Misuse)
    expect(() => formatSequencer({ ...sample, name: '' })).toThrow(Misuse)
    expect(() => formatSequencer({ ...sample, token: 0n })).toThrow(Misuse)
  })
})

describe('a sequencer that is accepted', () => {
  const text = formatSequencer(sample)
  const expected: ExpectedLock = { namespace: 'shop', name: 'seat:14A', mode: 'exclusive' }

  it('is the lock and the mode that its receiver expects, with the token of the text', () => {
    const holder = acceptSequencer(text, expected)
    expect(holder).toMatchObject(sample)
    expect(() => holder.assertHeld()).not.toThrow()
  })

  it.each<[string, Partial<ExpectedLock>]>([
    ['mode', { mode: 'shared' }],
    ['name', { name: 'seat:14B' }],
    ['namespace', { namespace: 'Shop' }],
  ])('is refused when it is of another %s', (_, other) => {
    expect(() => acceptSequencer(text, { ...expected, ...other })).toThrow(/is not of the lock expected here/)
  })

  it('is exclusive or shared by the word of its receiver, and never a permit', () => {
    const permit = formatSequencer({ ...sample, mode: 'permit' })
    for (const mode of ['exclusive', 'shared'] as const) {
      expect(() => acceptSequencer(permit, { ...expected, mode })).toThrow(Misuse)
    }
    for (const mode of ['permit', undefined, '']) {
      const wrong = { ...expected, mode } as unknown as ExpectedLock
      expect(() => acceptSequencer(permit, wrong)).toThrow(/as exclusive or as shared/)
    }
  })

  it('has the one spelling that there is of any names', () => {
    fc.assert(
      fc.property(sequencer, (lock) => {
        if (lock.mode === 'permit') return
        const { mode } = lock
        expect(acceptSequencer(formatSequencer(lock), { ...lock, mode })).toMatchObject(lock)
      }),
    )
  })

  it.each(['nonsense', null, 7])('is not %j', (value) => {
    expect(() => acceptSequencer(value as string, expected)).toThrow(Misuse)
  })
})

describe('a fencing token', () => {
  it('is a bigint from 1 to 2^63-1', () => {
    expect([fencingToken(1n), fencingToken(TOKEN_MAX)]).toEqual([1n, 9_223_372_036_854_775_807n])
    for (const other of [0n, -1n, TOKEN_MAX + 1n, 1, '1', null, undefined, {}]) {
      expect(() => fencingToken(other)).toThrow(Misuse)
    }
  })
})
