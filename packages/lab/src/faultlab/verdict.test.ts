import { expect, test } from 'vitest'
import type { Detail, HistoryEvent } from '@holdfast/testbed/history'
import { excuses } from './expectations.ts'
import type { Settings } from './settings.ts'
import { wholeForms } from './traffic/order.ts'
import { verdictOf } from './verdict.ts'

const settings: Settings = {
  storeUrl: 'sqlite:x',
  scheme: 'sqlite',
  isOwn: true,
  persistence: 'always',
  resource: 'sqlite',
  faults: [],
  forMs: 1,
  workers: 2,
  seed: 1,
  ttlMs: 500,
  guard: true,
  lock: { kind: 'holdfast' },
  out: '',
}

class History {
  readonly events: HistoryEvent[] = []
  #ms = 0

  #push(event: Pick<HistoryEvent, 'p' | 'e' | 'op' | 'f' | 'k'> & Partial<HistoryEvent>, ms = (this.#ms += 1)): void {
    this.events.push({ i: this.events.length, t: String(ms * 1e6), ...event })
  }

  /** Granted, renewed and released, all in time. */
  hold(p: string, k: string, token: number): this {
    const op = this.events.length
    const out = { token: String(token), validUntil: String((this.#ms + 500) * 1e6) }
    this.#push({ p, op, e: 'call', f: 'enqueue', k, in: { id: `${p}${op}` } })
    this.#push({ p, op, e: 'ok', f: 'enqueue', k, out: { standing: 'held', token: String(token) } })
    this.#push({ p, op: op + 1, e: 'call', f: 'acquire', k, in: { weight: 1, capacity: 1 } })
    this.#push({ p, op: op + 1, e: 'ok', f: 'acquire', k, out })
    this.#push({ p, op: op + 2, e: 'call', f: 'renew', k, in: { token: String(token) } })
    this.#push({ p, op: op + 2, e: 'ok', f: 'renew', k })
    this.#push({ p, op: op + 3, e: 'call', f: 'release', k, in: { token: String(token) } })
    this.#push({ p, op: op + 3, e: 'ok', f: 'release', k, out: { outcome: 'released' } })
    return this
  }

  /** Two at once. */
  overlap(k: string): this {
    for (const token of [900, 901]) {
      const op = this.events.length
      this.#push({ p: `w${token}`, op, e: 'call', f: 'acquire', k, in: { weight: 1, capacity: 1 } })
      const out = { token: String(token), validUntil: String((this.#ms + 500) * 1e6) }
      this.#push({ p: `w${token}`, op, e: 'ok', f: 'acquire', k, out })
    }
    return this
  }

  /** So many ms in which nothing happens. */
  later(ms: number): this {
    this.#ms += ms
    return this
  }

  fault(kind: string, target: string): this {
    const input: Detail = { kind, target }
    this.#push({ p: 'nemesis', op: this.events.length, e: 'sig', f: 'nemesis', k: '', in: input })
    return this
  }
}

function enough(): History {
  const history = new History()
  for (let token = 1; token <= 10; token += 1) for (const { k } of wholeForms) history.hold('w1', k, token)
  return history
}

const letters = (violations: readonly { readonly property: string }[]): string[] =>
  violations.map(({ property }) => property)

test('enough grants without a violation are no violation, and the sentence says in how much', () => {
  const verdict = verdictOf(settings, enough().events, true)
  expect(verdict).toMatchObject({ result: 'held', grants: 40, text: 'No violation in 40 grants under 0 faults.' })
})

test('a lock that was granted nine times is not judged', () => {
  const events = enough().events.filter(({ k, op }) => k !== 'desk' || op > 20)
  expect(verdictOf(settings, events, true)).toMatchObject({
    result: 'notJudged',
    missing: [expect.stringMatching('"desk" was granted 9 times')],
  })
})

test('a fault that hit nobody is not judged', () => {
  const { events } = enough().fault('crash', 'w2').fault('restart', 'w2.2').fault('heal', 'everything')
  const verdict = verdictOf({ ...settings, faults: ['kill'] }, events, true)
  expect(verdict).toMatchObject({ result: 'notJudged', faults: [{ name: 'kill', made: 1, effective: 0 }] })
})

test('what may break under a fault is reported with its reason and is no violation', () => {
  const { events } = enough().fault('wipe', 'store').fault('heal', 'everything').overlap('seat')
  const wiped = verdictOf({ ...settings, faults: ['wipe'] }, events, true)
  expect(letters(wiped.violations)).toEqual([])
  expect(wiped.excused.map(({ excuse, violations }) => [excuse.property, violations.length])).toEqual([['V', 1]])
  const notWiped = verdictOf(settings, events, true)
  expect(notWiped.result).toBe('violated')
  expect(letters(notWiped.violations)).toEqual(['V'])
})

test('what may break is excused from the fault on until its traces are gone, and neither before nor later', () => {
  const wiped = { ...settings, faults: ['wipe'] }
  const graceMs = 5_000
  const verdicts = [
    enough().overlap('seat').later(1_000).fault('wipe', 'store'),
    enough()
      .fault('wipe', 'store')
      .later(graceMs - 50)
      .overlap('seat'),
    enough()
      .fault('wipe', 'store')
      .later(graceMs + 50)
      .overlap('seat'),
  ].map((history) => verdictOf(wiped, history.fault('heal', 'everything').events, true))
  const overlaps = verdicts.map(({ violations }) => letters(violations).filter((letter) => letter === 'V'))
  expect(overlaps).toEqual([['V'], [], ['V']])
  expect(verdicts.map(({ excused }) => excused.length)).toEqual([0, 1, 0])
})

test('an excuse that needs two faults begins with the second one', () => {
  const run = { ...settings, scheme: 'redis', faults: ['server-clock-jump', 'wipe'] }
  const jumped = enough().fault('server-clock-jump', 's').fault('end-server-clock-jump', 's').later(100)
  const story = (history: History): string[] =>
    letters(verdictOf(run, history.fault('heal', 'everything').events, true).violations)
  // A token below those that were given before.
  expect(story(jumped.hold('w1', 'seat', 0).later(10).fault('wipe', 's').fault('end-wipe', 's'))).toContain('T')
  const both = enough().fault('server-clock-jump', 's').fault('end-server-clock-jump', 's').later(100)
  expect(story(both.fault('wipe', 's').fault('end-wipe', 's').later(10).hold('w1', 'seat', 0))).not.toContain('T')
})

test('whoever did not end keeps the run from being judged, unless something was violated all the same', () => {
  const verdict = verdictOf(settings, enough().events, true, ['w1 did not say "done" within 30 s'])
  expect(verdict).toMatchObject({ result: 'notJudged', missing: ['w1 did not say "done" within 30 s'] })
  expect(verdictOf(settings, enough().overlap('seat').events, true, ['w1 …']).result).toBe('violated')
})

test('a violation is one even where there is not enough to say that there is none', () => {
  const { events } = new History().overlap('seat')
  expect(verdictOf(settings, events, true).result).toBe('violated')
})

test('a lock without a signal is not blamed for telling nobody', () => {
  const verdict = verdictOf({ ...settings, lock: { kind: 'module', url: '' } }, enough().events, false)
  expect(verdict.notJudged.map((text) => text[0])).toEqual(['N', 'S'])
})

test('an excuse is for a fault that exists and says why', () => {
  for (const { because } of excuses) expect(because.length).toBeGreaterThan(40)
})
