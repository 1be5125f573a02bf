import { expect, test } from 'vitest'
import { TOKEN_MAX } from '../store/limits.ts'
import type { Fenced } from '../lease/lease.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { admissions } from './admission.ts'

const HOUR_MS = 60 * 60 * 1000

function holder(token: bigint): Fenced {
  return { namespace: 'shop', name: 'seat', mode: 'exclusive', token, assertHeld: () => undefined }
}

function tokenAt(ms: number): bigint {
  return BigInt(Math.floor(ms)) * 1000n
}

test('a token far ahead is refused with both dates, and with what would let it in', () => {
  const clock = virtualClock({ wallMs: Date.UTC(2030, 0, 1) })
  const admit = admissions({ clock, maxAhead: '1h' }, 'sqlite')
  const refusal = (): unknown => admit(holder(tokenAt(Date.UTC(2030, 0, 3))))
  expect(refusal).toThrow(/is of 2030-01-03T00:00:00.000Z, more than 1h \(maxAhead\) ahead/)
  expect(refusal).toThrow(/which shows 2030-01-01T00:00:00.000Z/)
  expect(refusal).toThrow(/holdfast rebase/)
})

test('a guard that saw neither clock before says that one of the two is wrong', () => {
  const admit = admissions({ clock: virtualClock() }, 'sqlite')
  expect(() => admit(holder(TOKEN_MAX))).toThrow(
    /is of no date.* One of the two clocks is wrong, or the token is forged/,
  )
})

test('a guard that admitted a token before names the clock that makes the tokens', async () => {
  const clock = virtualClock()
  const admit = admissions({ clock }, 'sqlite')
  admit(holder(tokenAt(clock.wallMs() - 2_000)))
  await clock.advance(5 * HOUR_MS)
  const refusal = (): unknown => admit(holder(tokenAt(clock.wallMs() + 48 * HOUR_MS)))
  expect(refusal).toThrow(/was 2 s behind this clock, which went evenly since/)
  expect(refusal).toThrow(/the clock that makes the tokens was set forward by 2 d/)
})

test('a guard whose own clock was set back names that one', () => {
  const clock = virtualClock()
  const admit = admissions({ clock }, 'sqlite')
  admit(holder(tokenAt(clock.wallMs())))
  clock.stepWall(-25.5 * HOUR_MS)
  expect(() => admit(holder(tokenAt(clock.wallMs() + 25.5 * HOUR_MS)))).toThrow(
    /This machine's clock was set back by 1\.1 d since the guard was made/,
  )
})
