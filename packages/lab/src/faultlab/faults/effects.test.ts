import { expect, test } from 'vitest'
import { readHistory, type Record } from '../../judge/record.ts'
import type { Detail, HistoryEvent } from '@holdfast/testbed/history'
import { CLOCK_SEEN } from '../traffic/clock-watch.ts'
import { faultNamed } from './choice.ts'
import { faultWindowsOf } from './fault-window.ts'

/** Milliseconds; a worker `w1` and what is done to it and to the server. */
class Story {
  readonly #events: HistoryEvent[] = []

  fault(atMs: number, kind: string, target: string, detail: Detail = {}): this {
    return this.#push(atMs, { p: 'nemesis', e: 'sig', f: 'nemesis', in: { kind, target, ...detail } })
  }

  step(
    fromMs: number,
    toMs: number,
    { p = 'w1', e = 'ok', code = '' }: { p?: string; e?: 'ok' | 'info' | 'fail'; code?: string } = {},
  ): this {
    const op = this.#events.length
    this.#push(fromMs, { p, e: 'call', f: 'renew', op, in: { token: '1' } })
    return this.#push(toMs, { p, e, f: 'renew', op, ...(e === 'fail' && { err: { code, message: '' } }) })
  }

  hold(fromMs: number, toMs: number): this {
    const op = this.#events.length
    this.#push(fromMs, { p: 'w1', e: 'call', f: 'acquire', op, in: { weight: 1, capacity: 1 } })
    const out = { token: '1', validUntil: String(BigInt(toMs) * 1_000_000n) }
    return this.#push(fromMs, { p: 'w1', e: 'ok', f: 'acquire', op, out })
  }

  moment(atMs: number, f: string, detail: Detail, p = 'w1'): this {
    return this.#push(atMs, { p, e: 'sig', f, in: detail })
  }

  record(): Record {
    return readHistory(this.#events)
  }

  #push(atMs: number, event: Pick<HistoryEvent, 'p' | 'e' | 'f'> & Partial<HistoryEvent>): this {
    const i = this.#events.length
    this.#events.push({ i, op: i, k: 'seat', t: String(BigInt(Math.round(atMs * 1e6))), ...event })
    return this
  }
}

function effective(name: string, story: Story, scheme = 'redis'): number {
  const fault = faultNamed(scheme, name)
  if (fault === undefined) throw new Error(`there is no ${name}`)
  const record = story.record()
  return faultWindowsOf(record, fault.begins, fault.ends).filter((window) => fault.hadEffect(window, record)).length
}

const cutFor = (fromMs: number, toMs: number, target = 'w1', hit = 1): Story =>
  new Story().moment(0, 'start', {}).fault(fromMs, 'cut', target).fault(toMs, 'end-cut', target, { hit })

test('a fault on the way is felt by a request of that worker that gets no answer or is slow', () => {
  expect(effective('cut', cutFor(100, 300).step(150, 160, { e: 'info' }))).toBe(1)
  expect(effective('cut', cutFor(100, 300).step(150, 310))).toBe(1)
  // Sent before, and held up by it.
  expect(effective('cut', cutFor(100, 300).step(90, 290))).toBe(1)
})

test('a fault on the way is not felt by others, nor by what was quick, nor before or after', () => {
  expect(effective('cut', cutFor(100, 300).step(150, 299, { p: 'w2' }))).toBe(0)
  expect(effective('cut', cutFor(100, 300).step(150, 152))).toBe(0)
  expect(effective('cut', cutFor(100, 300).step(10, 95, { e: 'info' }).step(310, 900))).toBe(0)
})

test('what befell a worker that did not run, or was answered, is not the doing of a fault on its way', () => {
  const stopped = cutFor(100, 300).fault(94, 'pause', 'w1').fault(399, 'resume', 'w1')
  expect(effective('cut', stopped.step(95, 400))).toBe(0)
  expect(effective('cut', cutFor(100, 300).moment(310, 'stalled', { ms: 200 }).step(150, 311))).toBe(0)
  expect(effective('cut', cutFor(100, 300).step(150, 160, { e: 'fail', code: 'GONE' }))).toBe(0)
  expect(effective('cut', cutFor(100, 300).step(150, 160, { e: 'fail', code: 'BUSY' }))).toBe(1)
  // Slow, and done long before the fault was over.
  expect(effective('cut', cutFor(100, 900).step(150, 250))).toBe(0)
})

test('a fault on the way that hit nothing there has no effect, whatever else was slow', () => {
  expect(effective('cut', cutFor(100, 300, 'w1', 0).step(150, 310))).toBe(0)
  const vanished = (hit: number): Story =>
    new Story().moment(0, 'start', {}).fault(100, 'lose-replies', 'w1').fault(300, 'end-lose-replies', 'w1', { hit })
  expect([effective('lose-replies', vanished(7)), effective('lose-replies', vanished(0))]).toEqual([1, 0])
  const apart = (hit: number): Story =>
    new Story().moment(0, 'start', {}).fault(100, 'partition', 'w1').fault(300, 'end-partition', 'w1', { hit })
  expect([effective('partition', apart(7)), effective('partition', apart(0).step(150, 310))]).toEqual([1, 0])
})

test('an end belongs to the fault of the same kind and target', () => {
  const story = cutFor(100, 300).fault(110, 'cut', 'w2').fault(120, 'delay', 'w1').fault(500, 'end-cut', 'w2')
  const windows = faultWindowsOf(story.step(600, 601).record(), 'cut', 'end-cut')
  expect(windows.map(({ target, fromNs, toNs }) => [target, fromNs / 1e6, toNs / 1e6])).toEqual([
    ['w1', 100, 300],
    ['w2', 110, 500],
  ])
})

test('deleted data counts when it was forgotten while somebody held a lock', () => {
  const wiped = (atMs: number, forgot = true): Story =>
    new Story()
      .moment(0, 'start', {})
      .hold(100, 300)
      .fault(atMs, 'wipe', 's')
      .fault(atMs + 50, 'end-wipe', 's', { forgot })
  expect([wiped(200), wiped(400), wiped(200, false)].map((story) => effective('wipe', story))).toEqual([1, 0, 0])
})

test("a jump of the server's clock counts when the server told that time while somebody held", () => {
  const jumped = (seenMs: number): Story =>
    new Story()
      .moment(0, 'start', {})
      .fault(100, 'server-clock-jump', 's', { byMs: -5_000 })
      .fault(150, 'end-server-clock-jump', 's', { seenMs })
      .moment(20_000, 'end', {})
  expect(effective('server-clock-jump', jumped(-4_990).hold(90, 110))).toBe(1)
  expect(effective('server-clock-jump', jumped(-4_990).hold(140, 160))).toBe(1)
  expect(effective('server-clock-jump', jumped(-4_990).hold(110, 140))).toBe(0)
  expect(effective('server-clock-jump', jumped(3).hold(90, 160).moment(400, 'lost', { token: '1' }))).toBe(0)
})

test('a lock file counts as deleted when it was there and somebody held', () => {
  const wiped = (existed: boolean): Story => new Story().moment(0, 'start', {}).fault(100, 'wipe', 'store', { existed })
  const count = (story: Story): number => effective('wipe', story, 'sqlite')
  expect([count(wiped(true).hold(90, 110)), count(wiped(false).hold(90, 110)), count(wiped(true))]).toEqual([1, 0, 0])
})

test('a power cut counts when it was felt, and where nothing is synced first only when something was forgotten', () => {
  const dark = (syncs: boolean, forgot: boolean): Story =>
    new Story()
      .moment(0, 'start', {})
      .fault(100, 'power-loss', 's', { syncs })
      .fault(300, 'end-power-loss', 's', { forgot })
      .step(150, 310)
  expect(
    [dark(true, false), dark(false, true), dark(false, false)].map((story) => effective('power-loss', story)),
  ).toEqual([1, 1, 0])
})

test('a failover counts when the replica lacked something', () => {
  const over = (behindBytes: number): Story =>
    new Story().moment(0, 'start', {}).fault(1, 'failover', 's').fault(9, 'end-failover', 's', { behindBytes })
  expect([effective('failover', over(17)), effective('failover', over(0))]).toEqual([1, 0])
})

test("a jump of a worker's clock counts when that worker saw it, in its direction", () => {
  const jump = (byMs: number, p = 'w1'): Story =>
    new Story()
      .moment(0, 'start', {})
      .fault(100, 'clock-jump', 'w1', { byMs: -5_000 })
      .moment(120, CLOCK_SEEN, { byMs }, p)
      .fault(300, 'end-clock-jump', 'w1')
  expect([jump(-4_990), jump(5_000), jump(-5_000, 'w2')].map((story) => effective('clock-jump', story))).toEqual([
    1, 0, 0,
  ])
})

test('several at the same moment count when each of them does', () => {
  const both = (felt: boolean): Story => {
    const story = new Story().moment(0, 'start', {}).fault(100, 'cut+kill-server', 'everything')
    story.fault(100, 'cut', 'w1').fault(101, 'kill-server', 's').fault(200, 'end-kill-server', 's')
    story.fault(300, 'end-cut', 'w1', { hit: 1 }).fault(300, 'end-cut+kill-server', 'everything')
    return story.step(150, 299, { p: felt ? 'w1' : 'w2' })
  }
  expect([effective('cut+kill-server', both(true)), effective('cut+kill-server', both(false))]).toEqual([1, 0])
})

test('a split has an effect when something between the servers was held up, and a request felt it', () => {
  const divided = (hit: number): Story =>
    new Story().moment(0, 'start', {}).fault(100, 'split', 's', { leads: true }).fault(300, 'end-split', 's', { hit })
  expect(effective('split', divided(1).step(150, 160, { e: 'info' }), 'etcd')).toBe(1)
  expect(effective('split', divided(0).step(150, 160, { e: 'info' }), 'etcd')).toBe(0)
  expect(effective('split', divided(1).step(150, 160), 'etcd')).toBe(0)
})
