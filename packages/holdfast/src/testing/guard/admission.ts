/** Cases about who is let in at all: names, modes, tokens and texts of every kind. */
import assert from 'node:assert/strict'
import { systemClock } from '../../time/clock.ts'
import { LeaseLost, Misuse, Unsupported } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import { TOKEN_MAX } from '../../store/limits.ts'
import { acceptSequencer, formatSequencer, parseSequencer } from '../../lease/sequencer.ts'
import { assertStale, assertUntouched, type GuardCase, guardCase, holder, KEY } from './case.ts'

/** Names that some engine somewhere folds, cuts, trims, splits or reads as syntax. */
const PAIRS: readonly (readonly [namespace: string, name: string])[] = [
  ['a', 'b:c'],
  ['a:b', 'c'],
  ['a', 'b!c'],
  ['a!b', 'c'],
  ['n', 'seat'],
  ['n', 'SEAT'],
  ['n', 'seat '],
  ['n', ' seat'],
  ['n', 'seat\n'],
  ['n', 'a/b'],
  ['n', 'a%2Fb'],
  ['n', 'a@2Fb'],
  ['n', '..'],
  ['n', '{a}'],
  ['n', '*'],
  ['n', '%'],
  ['n', '_'],
  ['n', '1'],
  ['n', '01'],
  ['n', '1.0'],
  ['n', '__proto__'],
  ['n', "'; DROP TABLE stock; --"],
  ['n', '"'],
  ['n', '\\'],
  ['n', '\u00e9'],
  ['n', 'e\u0301'],
  ['n', '\ufeffseat'],
  ['n', '\u{1F512}'],
  ['n', 'x'.repeat(199)],
  ['n', 'x'.repeat(200)],
]

const NUMERIC_PAIRS: readonly (readonly [low: bigint, high: bigint])[] = [
  [9n, 10n],
  [99n, 100n],
  [2n ** 31n - 1n, 2n ** 31n],
  [2n ** 53n, 2n ** 53n + 1n],
  [TOKEN_MAX - 1n, TOKEN_MAX],
]

function accepted(token: bigint, mode: 'exclusive' | 'shared'): Fenced {
  const { namespace, name } = holder(token)
  return acceptSequencer(formatSequencer(holder(token, mode)), { namespace, name, mode })
}

export const admissionCases: readonly GuardCase[] = [
  guardCase('tokens are compared and kept as whole numbers, exactly', async (_resource, first, second) => {
    for (const [index, [low, high]] of NUMERIC_PAIRS.entries()) {
      const name = `number-${index}`
      await first.enter(holder(low, 'exclusive', name))
      await first.check(holder(high, 'exclusive', name))
      await second.enter(holder(high, 'exclusive', name))
      await second.enter(holder(high, 'exclusive', name))
      await assertStale(first.enter(holder(low, 'exclusive', name)), low, high)
      await assertStale(first.check(holder(low, 'exclusive', name)), low, high)
    }
  }),

  guardCase('different names never share a mark, whatever characters they have', async (_resource, first) => {
    // Falling tokens: two names with one mark would refuse the second.
    for (const [index, [namespace, name]] of PAIRS.entries()) {
      await first.enter(holder(BigInt(1000 - index), 'exclusive', name, namespace))
    }
    for (const [index, [namespace, name]] of PAIRS.entries()) {
      const token = BigInt(1000 - index)
      await assertStale(first.enter(holder(token - 1n, 'exclusive', name, namespace)), token - 1n, token)
    }
  }),

  guardCase('a shared lease is compared and raises nothing', async (_resource, first, second) => {
    await first.enter(holder(34n))
    await second.enter(holder(36n, 'shared'))
    await second.write(holder(36n, 'shared'), { key: KEY, based: 0, value: 1 })
    await first.enter(holder(35n))
    await second.check(holder(35n, 'shared'))
    await assertStale(second.enter(holder(34n, 'shared')), 34n, 35n)
    await assertStale(second.write(holder(34n, 'shared'), { key: KEY, based: 1, value: 2 }), 34n, 35n)
    assert.equal(await first.read(KEY), 1)
  }),

  guardCase('a permit is refused', async (resource, first) => {
    for (const attempt of [
      () => first.enter(holder(33n, 'permit')),
      () => first.check(holder(33n, 'permit')),
      () => first.write(holder(33n, 'permit'), { key: KEY, based: 0, value: 1 }),
    ]) {
      await assert.rejects(attempt(), Unsupported)
    }
    await assertUntouched(resource, first)
  }),

  guardCase('a sequencer that was accepted stands for its lease', async (_resource, first, second) => {
    await first.enter(accepted(34n, 'exclusive'))
    await assertStale(second.enter(accepted(33n, 'exclusive')), 33n, 34n)
    await second.enter(accepted(36n, 'shared'))
    await second.write(accepted(35n, 'exclusive'), { key: KEY, based: 0, value: 1 })
    await assertStale(first.check(holder(34n)), 34n, 35n)
  }),

  guardCase(
    'text is no holder: what its sender could change says neither whether it raises a mark, nor whose',
    async (resource, first) => {
      const text = formatSequencer(holder(36n))
      const parsed: unknown = parseSequencer(text)
      const sent: unknown = JSON.parse(JSON.stringify({ ...holder(36n), token: '36', assertHeld: 'yes' }))
      for (const stranger of [text, parsed, sent]) {
        await assert.rejects(first.enter(stranger as Fenced), Misuse)
        await assert.rejects(first.check(stranger as Fenced), Misuse)
        await assert.rejects(first.write(stranger as Fenced, { key: KEY, based: 0, value: 1 }), Misuse)
      }
      for (const nobody of [undefined, null, 36n])
        await assert.rejects(first.enter(nobody as unknown as Fenced), Misuse)
      await first.enter(holder(33n))
      await assertUntouched(resource, first)
    },
  ),

  guardCase('a lease that is known to be lost is refused before anything is sent', async (resource, first) => {
    const lost = new LeaseLost('the lease ended')
    const assertHeld = (): void => {
      throw lost
    }
    const ended: Fenced = { ...holder(36n), assertHeld }
    for (const attempt of [
      () => first.enter(ended),
      () => first.check(ended),
      () => first.write(ended, { key: KEY, based: 0, value: 1 }),
    ]) {
      await assert.rejects(attempt(), lost)
    }
    await first.enter(holder(33n))
    await assertUntouched(resource, first)
  }),

  guardCase('what is no token is refused', async (resource, first) => {
    for (const token of [0n, -1n, TOKEN_MAX + 1n, 33, '33', Number.NaN, null, undefined]) {
      await assert.rejects(first.enter(holder(token as bigint)), Misuse, `token ${String(token)}`)
    }
    await first.enter(holder(1n))
    await assertUntouched(resource, first)
  }),

  guardCase(
    'a token far ahead of the clock is refused, so that one forged token shuts nobody out',
    async (resource, first) => {
      const nowUs = 1_760_000_000_000_000n
      const dayUs = 86_400_000_000n
      for (const token of [TOKEN_MAX, nowUs + dayUs + 1n]) {
        await assert.rejects(first.enter(holder(token)), Misuse)
        await assert.rejects(first.write(holder(token), { key: KEY, based: 0, value: 1 }), Misuse)
      }
      await assertUntouched(resource, first)
      await first.enter(holder(nowUs))
      await first.enter(holder(nowUs + dayUs))
    },
    { clock: { ...systemClock, wallMs: () => 1_760_000_000_000 } },
  ),
]
