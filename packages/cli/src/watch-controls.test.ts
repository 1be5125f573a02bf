/** What keys do to the live view: without a terminal and without a store. */
import type { ClaimView, LineView } from 'holdfast'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import type { Key } from './keyboard.ts'
import { sparkline } from './sparkline.ts'
import { charactersOf, printable } from './text.ts'
import { Trend } from './trend.ts'
import { WatchControls } from './watch-controls.ts'
import { frameLines } from './watch-frame.ts'
import type { View } from './watch-view.ts'

function claim(id: string, state: ClaimView['state'], token?: bigint): ClaimView {
  const held = token === undefined ? {} : { token }
  return { id, state, weight: 1, endsInMs: 9_000, owner: `owner-${id}`, note: '', ...held }
}

function line(...claims: readonly ClaimView[]): LineView {
  return { resource: 'x', lastToken: 1n, capacity: claims.length > 2 ? 2 : 1, claims, version: '' }
}

function view(lines: Readonly<Record<string, LineView>>): View {
  const named = Object.entries(lines).map(([name, each]) => ({ name, line: each }))
  const listed = new Set(Object.keys(lines))
  return { lines: named, unreadable: [], listed, wanted: listed.size, isCut: false, polled: 0 }
}

const three = view({
  'cron:nightly': line(claim('c', 'held', 7n)),
  'orders:run': line(claim('a', 'held', 123_456_789_012n), claim('b', 'waiting')),
  'seat:14A': line(claim('r', 'held', 1n), claim('s', 'held', 2n), claim('t', 'waiting')),
})

/** Names of keys, and everything else letter by letter. */
function pressed(controls: WatchControls, seen: View, ...keys: readonly string[]) {
  const names = new Set(['up', 'down', 'pagedown', 'end', 'home', 'enter', 'escape', 'backspace', 'erase'])
  return keys
    .flatMap((key): readonly Key[] =>
      names.has(key) ? [{ name: key } as Key] : charactersOf(key).map((text) => ({ name: 'text', text })),
    )
    .map((key) => controls.press(key, seen))
    .at(-1)
}

function drawn(controls: WatchControls, seen: View, columns = 100, rows = 16): readonly string[] {
  const wanted = [...seen.listed].filter((name) => controls.matches(name)).length
  const frame = {
    title: 'title',
    view: { ...seen, wanted },
    recent: [],
    minute: () => ({ grants: [0, 3], waiting: [1, 2] }),
    notice: undefined,
    trouble: undefined,
    clean: printable,
    age: () => ({ text: '1.0s', isFresh: false }),
    controls,
  }
  return frameLines(frame, { columns, rows }).map(({ text }) => text)
}

const marked = (lines: readonly string[]) =>
  lines.filter((text) => text.startsWith('>')).map((text) => text.split(/ +/)[1])

describe('the list', () => {
  it('marks one lock, follows the arrows and stays with its lock while others come and go', () => {
    const controls = new WatchControls()
    expect(marked(drawn(controls, three))).toEqual(['cron:nightly'])
    pressed(controls, three, 'down')
    expect(marked(drawn(controls, three))).toEqual(['orders:run'])
    const later = view({
      'a:new': line(claim('n', 'held', 9n)),
      ...Object.fromEntries(three.lines.map((each) => [each.name, each.line])),
    })
    expect(marked(drawn(controls, later))).toEqual(['orders:run'])
    expect(marked(drawn(controls, view({ 'a:new': line(claim('n', 'held', 9n)) })))).toEqual(['a:new'])
    pressed(controls, three, 'end', 'down')
    expect(marked(drawn(controls, three))).toEqual(['seat:14A'])
    pressed(controls, three, 'home', 'k', 'j')
    expect(marked(drawn(controls, three))).toEqual(['orders:run'])
  })

  it('shows the marked lock however far down it is, and says what is above and below', () => {
    const many = view(
      Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`n${at}`, line(claim('a', 'held', 1n))])),
    )
    const controls = new WatchControls()
    expect(drawn(controls, many)).toContain('… and 29 more')
    pressed(controls, many, 'pagedown', 'pagedown')
    const lines = drawn(controls, many)
    expect(marked(lines)).toEqual(['n20'])
    expect(lines).toContain('… and 10 above and 19 more')
    expect(lines.length).toBeLessThanOrEqual(16)
  })

  it('has kinds, counts and the grants of the last minute', () => {
    const lines = drawn(new WatchControls(), three)
    expect(lines[1]).toBe('held 4  waiting 2  grants ▁█ 3 in 60s')
    expect(lines.find((text) => text.includes('seat:14A'))).toMatch(/held +1 of 2 +1 /)
    expect(lines.at(-1)).toBe('↑↓ move · Enter opens · / filters · e evicts · q quits')
  })

  it('is filtered as one types, and Escape shows all again', () => {
    const controls = new WatchControls()
    expect(pressed(controls, three, '/SEAT')).toEqual({ kind: 'look' })
    expect(drawn(controls, three).at(-1)).toBe('/SEAT▏')
    pressed(controls, three, 'enter')
    expect(marked(drawn(controls, three))).toEqual(['seat:14A'])
    expect(drawn(controls, three)[1]).toContain('"SEAT": 1 of 3 names')
    pressed(controls, three, '/x')
    expect(drawn(controls, three)).toContain('no name has this in it; 3 are not shown. Esc shows them')
    pressed(controls, three, 'backspace', 'enter')
    expect(controls.filter).toBe('SEAT')
    pressed(controls, three, 'escape')
    expect(drawn(controls, three).filter((text) => /owner-/.test(text))).toHaveLength(6)
  })

  it('a letter in a filter is no command', () => {
    const controls = new WatchControls()
    expect(pressed(controls, three, '/q')).toEqual({ kind: 'look' })
    expect(pressed(controls, three, 'enter', 'q')).toEqual({ kind: 'quit' })
  })
})

describe('the page of one lock', () => {
  it('opens with Enter, shows each claim and the queue, and closes with Escape', () => {
    const controls = new WatchControls()
    expect(pressed(controls, three, 'down', 'enter')).toEqual({ kind: 'look' })
    const lines = drawn(controls, three)
    expect(lines[2]).toBe('orders:run: held by owner-a, token 123456789012')
    expect(lines[3]).toBe('queue ▅█ 2  grants ▁█ 3 in 60s')
    expect(marked(lines)).toEqual(['a'])
    pressed(controls, three, 'escape')
    expect(marked(drawn(controls, three))).toEqual(['orders:run'])
  })

  it('shows the marked one of a thousand waiters', () => {
    const waiters = Array.from({ length: 1_000 }, (_, at) => claim(`w${at}`, 'waiting'))
    const long = view({ seat: line(claim('h', 'held', 1n), ...waiters) })
    const controls = new WatchControls()
    pressed(controls, long, 'enter', 'end')
    expect(marked(drawn(controls, long))).toEqual(['w999'])
    expect(drawn(controls, long).some((text) => /> w999 +waits 1000 /.test(text))).toBe(true)
  })

  it('says that its lock is free', () => {
    const controls = new WatchControls()
    pressed(controls, three, 'enter')
    expect(drawn(controls, view({}))[2]).toBe('cron:nightly: nobody holds it')
  })
})

describe('an eviction', () => {
  const atReason = () => {
    const controls = new WatchControls()
    pressed(controls, three, 'down', 'e')
    return controls
  }

  it('shows the whole token, the holder and the next, and asks for a reason and for consent', () => {
    const controls = atReason()
    const text = drawn(controls, three, 140).join('\n')
    expect(text).toMatch(/Evict the holder of orders:run\n.*owner-a\n.*123456789012\n.*1\.0s\n.*owner-b\n/)
    pressed(controls, three, 'enter')
    expect(controls.form?.step, 'an empty reason').toBe('reason')
    pressed(controls, three, 'host gone', 'enter')
    expect(drawn(controls, three, 140).at(-1)).toBe(
      'Evict token 123456789012 from "orders:run"? y evicts, any other key does not',
    )
    expect(pressed(controls, three, 'y')).toMatchObject({
      kind: 'evict',
      form: { name: 'orders:run', token: 123_456_789_012n, reason: 'host gone' },
    })
  })

  it.each([
    ['Escape at the reason', ['escape']],
    ['Enter at the question', ['gone', 'enter', 'enter']],
    ['another letter at the question', ['gone', 'enter', 'n']],
  ])('is none with %s', (_, keys) => {
    const controls = atReason()
    expect(pressed(controls, three, ...keys)).toBeUndefined()
    expect(controls).toMatchObject({ form: undefined, notice: 'nothing was done' })
  })

  it('is of the holder that was asked about, also when another one holds meanwhile', () => {
    const controls = atReason()
    const later = view({ 'orders:run': line(claim('b', 'held', 999n)) })
    pressed(controls, later, 'gone', 'enter')
    expect(drawn(controls, later, 140).join('\n')).toContain(
      'This token does not hold it any more: owner-b, token 999.',
    )
    expect(pressed(controls, later, 'y')).toMatchObject({ form: { token: 123_456_789_012n } })
  })

  it('of one of several holders is asked on the page of the lock', () => {
    const controls = new WatchControls()
    pressed(controls, three, 'end', 'e')
    expect(controls).toMatchObject({ opened: 'seat:14A', notice: '2 hold it: choose one with the arrows, then e' })
    pressed(controls, three, 'down', 'e')
    expect(controls.form?.token).toBe(2n)
    pressed(controls, three, 'escape', 'down', 'e')
    expect(controls).toMatchObject({ form: undefined, notice: 'only a holder can be evicted' })
  })

  it('takes no reason that a store would not take', () => {
    const controls = atReason()
    pressed(controls, three, '漢'.repeat(400))
    expect(Buffer.byteLength(controls.form?.reason ?? '')).toBe(498)
    pressed(controls, three, 'erase', 'e\u0301', 'backspace')
    expect(controls.form?.reason).toBe('')
  })
})

it.each([
  [200, 60],
  [40, 10],
  [12, 3],
  [1, 1],
])('every page fits on %d columns and %d rows', (columns, rows) => {
  for (const keys of [[], ['/nightly'], ['enter'], ['e'], ['e', 'a long reason '.repeat(30)], ['e', 'x', 'enter']]) {
    const controls = new WatchControls()
    pressed(controls, three, ...keys)
    const lines = drawn(controls, three, columns, rows)
    expect(lines.length).toBeLessThanOrEqual(rows)
    for (const text of lines) expect(stringWidth(text)).toBeLessThanOrEqual(columns)
  }
})

describe('the last minute', () => {
  it('counts grants by steps of two seconds, and a queue goes on until it changes', () => {
    const trend = new Trend()
    trend.note(1_000, { grants: 1, waiting: 4 })
    trend.note(1_900, { grants: 2, waiting: 1 })
    trend.note(9_000, { grants: 1, waiting: 0 })
    expect(trend.grants(11_000).slice(-6)).toEqual([3, 0, 0, 0, 1, 0])
    expect(trend.waiting(11_000).slice(-6)).toEqual([4, 4, 4, 4, 0, 0])
    expect(trend.grants(600_000)).toEqual(Array.from({ length: 30 }, () => 0))
  })

  it('keeps what it needs, and no more', () => {
    const trend = new Trend()
    trend.note(0, { grants: 0, waiting: 7 })
    expect(trend.waiting(1_000_000).at(0)).toBe(7)
    for (let ms = 0; ms < 1_000_000; ms += 500) trend.note(ms, { grants: 1, waiting: 1 })
    expect(trend.grants(999_999)).toEqual(Array.from({ length: 30 }, () => 4))
  })

  it('never draws something as nothing', () => {
    expect(sparkline([0, 1, 1_000])).toBe('▁▂█')
    expect(sparkline([0, 0])).toBe('▁▁')
  })
})
