/** What the live view makes of two looks, and how it fits on a terminal: without a terminal and without a store. */
import type { ClaimView, LineView } from 'holdfast'
import { describe, expect, it } from 'vitest'
import stringWidth from 'string-width'
import { printable } from './text.ts'
import { type Frame, frameLines, type Size } from './watch-frame.ts'
import { LiveView } from './watch-live.ts'
import { changesBetween, type View } from './watch-view.ts'
import { changeInWords, polledInWords } from './watch-words.ts'

function claim(id: string, state: ClaimView['state'], more: Partial<ClaimView> = {}): ClaimView {
  const token = state === 'waiting' ? {} : { token: BigInt(id.length) }
  return { id, state, weight: 1, endsInMs: 9_000, owner: `owner-${id}`, note: '', ...token, ...more }
}

function line(lastToken: bigint, ...claims: readonly ClaimView[]): LineView {
  return { resource: 'x', lastToken, capacity: 1, claims, version: '' }
}

function view(lines: Readonly<Record<string, LineView>>, unseen: readonly string[] = []): View {
  const named = Object.entries(lines).map(([name, each]) => ({ name, line: each }))
  const listed = new Set([...Object.keys(lines), ...unseen])
  return { lines: named, unreadable: [], listed, wanted: listed.size, isCut: false, polled: 0 }
}

const kinds = (before: View, after: View) =>
  changesBetween(before, after).map(({ kind, name, claim: who }) => `${name} ${who?.id ?? '-'} ${kind}`)

describe('between two looks', () => {
  it('a hand-over is an end and a hold, and the next waiter is named with its place', () => {
    const before = view({ seat: line(1n, claim('a', 'held'), claim('b', 'waiting')) })
    const after = view({ seat: line(1n, claim('b', 'held'), claim('c', 'waiting'), claim('d', 'waiting')) })
    expect(kinds(before, after)).toEqual(['seat a ended', 'seat b held', 'seat c waiting', 'seat d waiting'])
    expect(changesBetween(before, after).map(changeInWords)).toEqual([
      'seat: owner-a holds it no more',
      'seat: owner-b holds it, token 1',
      'seat: owner-c waits, place 1',
      'seat: owner-d waits, place 2',
    ])
  })

  it('a claim that lingers, ends or gives up waiting is told as such', () => {
    const before = view({ a: line(1n, claim('x', 'held')), b: line(1n, claim('y', 'held'), claim('z', 'waiting')) })
    const middle = view({ a: line(1n, claim('x', 'lingering')), b: line(1n, claim('y', 'held')) })
    expect(kinds(before, middle)).toEqual(['a x lingering', 'b z withdrawn'])
    expect(kinds(middle, view({}))).toEqual(['a x ended', 'b y ended'])
    expect(changesBetween(middle, view({})).map(changeInWords)[0]).toBe('a: its lock-delay or minimum hold is over')
  })

  it('a hold that came and went is not hidden: the tokens tell', () => {
    const before = view({ a: line(4n, claim('w', 'waiting')) })
    expect(kinds(before, view({ a: line(5n, claim('w', 'waiting')) }))).toEqual(['a - missed'])
    expect(kinds(before, view({ a: line(1n, claim('w', 'held')) }))).toEqual(['a w held'])
  })

  it('a name that leaves or enters the part that is looked at is no change', () => {
    const held = line(1n, claim('a', 'held'))
    expect(kinds(view({ b: held }, ['c']), view({ a: held }, ['b']))).toEqual(['a a held'])
    expect(kinds(view({ a: held }, ['b']), view({ a: held, b: held }))).toEqual([])
  })

  it('names like __proto__ are names', () => {
    const lines = Object.fromEntries([['__proto__', line(1n, claim('a', 'held'))]])
    expect(kinds(view({}), view(lines))).toEqual(['__proto__ a held'])
  })
})

const frame = (now: View, more: Partial<Frame> = {}): Frame => ({
  title: 'title',
  view: now,
  recent: [],
  minute: () => ({ grants: [], waiting: [] }),
  notice: undefined,
  trouble: undefined,
  clean: printable,
  age: () => ({ text: '1.0s', isFresh: false }),
  ...more,
})
const texts = (of: Frame, size: Size) => frameLines(of, size).map(({ text }) => text)

describe('the picture', () => {
  const many = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `名前-${index}-${'long '.repeat(20)}`,
      line(1n, claim('a', 'held', { note: '\u001b[2J漢字 '.repeat(9) }), claim('b', 'waiting')),
    ]),
  )

  it.each([
    [200, 60],
    [80, 24],
    [40, 10],
    [20, 5],
    [5, 2],
    [1, 1],
  ])('fits on %d columns and %d rows, whatever the names, and has no control character', (columns, rows) => {
    const recent = Array.from({ length: 9 }, () => ({ name: 'x', text: `12:00:00 ${'x'.repeat(300)}`, isLoss: true }))
    const lines = texts(frame(view(many, ['more']), { recent, trouble: 'no answer' }), { columns, rows })
    expect(lines.length).toBeLessThanOrEqual(rows)
    for (const text of lines) {
      expect(stringWidth(text)).toBeLessThanOrEqual(columns)
      expect(text).not.toContain('\u001b')
    }
  })

  it('says how many names it does not show', () => {
    const lines = texts(frame(view(many, ['a', 'b'])), { columns: 100, rows: 12 })
    expect(lines).toHaveLength(11)
    expect(lines.at(-1)).toBe('… and 38 more')
    expect(texts(frame({ ...view(many), isCut: true }), { columns: 100, rows: 12 }).at(-1)).toBe(
      '… and at least 36 more',
    )
    expect(texts(frame(view({})), { columns: 100, rows: 12 })).toEqual(['title', 'nobody holds or waits for anything'])
  })

  it('says which changes are seen late, and why', () => {
    const now = { ...view({ a: line(1n, claim('x', 'held')), b: line(1n, claim('y', 'held')) }), polled: 1 }
    const notice = polledInWords(now, { observersMax: 1, intervalMs: 2_000 })
    expect(texts(frame(now, { notice }), { columns: 100, rows: 12 })[1]).toBe(
      'looked at every 2.0s: 1 of 2 locks (at most 1 are observed)',
    )
    expect(polledInWords({ ...now, polled: 2 }, { observersMax: 0, intervalMs: 500 })).toBe(
      'looked at every 500ms: 2 of 2 locks (this store tells nobody of changes)',
    )
    expect(polledInWords({ ...now, polled: 0 }, { observersMax: 100, intervalMs: 500 })).toBeUndefined()
  })

  it('hides a secret before it cuts a cell, so that no half of one is shown', () => {
    const clean = (text: string) => text.replaceAll('c4n4ry-p4ssw0rd', '***')
    const note = 'see redis://u:c4n4ry-p4ssw0rd@host'
    for (let columns = 1; columns < 120; columns += 1) {
      const held = view({ ['c4n4ry-p4ssw0rd']: line(1n, claim('a', 'held', { note, owner: note })) })
      const recent = [{ name: 'x', text: note, isLoss: true }]
      const of = frame(held, { clean, title: note, trouble: note, recent })
      expect(texts(of, { columns, rows: 24 }).join('')).not.toMatch(/c4n|p4s/)
    }
  })

  it('shows holders, then waiters in their order, and cuts a long line short', () => {
    const waiters = Array.from({ length: 30 }, (_, index) => claim(`w${index}`, 'waiting'))
    const lines = texts(frame(view({ seat: line(1n, claim('h', 'held'), ...waiters) })), { columns: 90, rows: 24 })
    expect(lines[2]).toMatch(/^seat +held +lock +1 +1\.0s +9\.0s +owner-h$/)
    expect(lines.slice(3, 7).map((text) => /waits \d+ .*owner-w\d/.exec(text)?.[0].replaceAll(/ +/g, ' '))).toEqual([
      'waits 1 lock 1.0s 9.0s owner-w0',
      'waits 2 lock 1.0s 9.0s owner-w1',
      'waits 3 lock 1.0s 9.0s owner-w2',
      'waits 4 lock 1.0s 9.0s owner-w3',
    ])
    expect(lines[7]?.trim()).toBe('… 26 more wait')
  })

  it('lets a new holder stand out for a while, and shows how long others were seen at least', () => {
    const live = new LiveView()
    const [first, second] = [claim('a', 'held'), claim('b', 'held')]
    live.next(view({ seat: line(1n, first, claim('b', 'waiting')) }), 0, new Date(0))
    expect(live.age('seat', first, 2_000)).toEqual({ text: '2.0s+', isFresh: false })
    live.next(view({ seat: line(1n, second) }), 2_000, new Date(0))
    expect(live.age('seat', second, 2_500)).toEqual({ text: '500ms', isFresh: true })
    expect(live.age('seat', second, 9_000)).toEqual({ text: '7.0s', isFresh: false })
    expect(live.recent.map(({ isLoss }) => isLoss)).toEqual([true, false])
  })
})
