/** What the page makes of what it is told, without a browser: markup, words, rows, addresses, events. */
import { describe, expect, test } from 'vitest'
import { formatSequencer } from 'holdfast'
import type { LineRow } from '../line-row.ts'
import { hashOf, keyIn, placeOf } from './address.ts'
import { html } from './html.ts'
import { drawnPart, LineTable, NO_FILTER } from './line-table.ts'
import { EventParser } from './sse.ts'
import { ownerHtml } from './owner-view.ts'
import { lineHtml, rowHtml } from './views.ts'
import { durationText, endText, lineSentence, nameOf, spellingOf } from './words.ts'

const EVIL = `</a><script>alert('"x"')</script>&\u202e`

function rowOf(change: Partial<LineRow> = {}): LineRow {
  return {
    name: 'seat',
    state: 'held',
    kind: 'mutex',
    holders: 1,
    waiters: 0,
    owner: 'db3/4711',
    token: '1763722000000001',
    forMs: 12_000,
    isAtLeast: false,
    endsInMs: 7_000,
    oldestWaitMs: null,
    ...change,
  }
}

describe('markup', () => {
  test('takes nothing of a lock for markup: not its name, its owner, its note or its reason', () => {
    const row = rowOf({ name: EVIL, owner: EVIL, why: EVIL })
    const claim = { id: EVIL, state: 'held', weight: 1, token: '1', endsInMs: 1, owner: EVIL, note: EVIL }
    const line = { namespace: EVIL, name: EVIL, lastToken: '1', capacity: 1, claims: [claim] }
    const change = { kind: 'held', owner: EVIL, token: '1', forMs: 1, isAtLeast: false, at: 0 } as const
    const view = { line, atMs: 0, changes: [change], cannotEvict: undefined }
    for (const state of ['held', 'unreadable'] as const) {
      const timed = { row: { ...row, state }, atMs: 0 }
      for (const { text } of [rowHtml(timed, 0, EVIL, 0), lineHtml(EVIL, timed, view, 0)]) {
        expect(text).not.toContain('<script')
        expect(text).toContain('&lt;script&gt;alert(&#39;&quot;x&quot;&#39;)&lt;/script&gt;&amp;\\u202e')
        // The link spells the name, so that no part of it is an attribute or an address.
        expect(text).not.toMatch(/href="[^"#]*[^\w"#/@.:-]/)
      }
    }
  })

  test('of one process has its claims by process, a way to its host and to each lock, and escapes all of it', () => {
    const claim = {
      name: EVIL,
      owner: 'db3/4711',
      token: '1',
      forMs: 1_000,
      isAtLeast: true,
      endsInMs: 7_000,
      note: EVIL,
    }
    const held = { ...claim, state: 'held', place: null } as const
    const waits = { ...claim, name: 'seat', owner: 'db3/8', state: 'waiting', place: 2, token: null } as const
    const view = { claims: [held, waits], hidden: 3, isComplete: false, atMs: 0 }
    const { text } = ownerHtml('db3', view, 2_000)
    const words = text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
    expect(words).toContain('Holds 1 and waits for 1 among the 2 that end first, as far as this server has looked.')
    expect(words).toMatch(/db3\/4711 .* held 1 3 s\+ 5 s .* db3\/8 .* seat waits, place 2 – 3 s\+ 5 s/)
    expect(words).toContain('and 3 more')
    expect(text).not.toContain('<script')
    expect(text).toContain('href="#/lock/seat"')
    expect(ownerHtml('db3/8', view, 0).text).toContain('<a href="#/owner/db3">')
  })

  test('is nested as markup, and a list of it is joined', () => {
    const items = ['a', '<'].map((text) => html`<li>${text}</li>`)
    expect(html`${html`<b>${1}</b>`}${items}`.text).toBe('<b>1</b><li>a</li><li>&lt;</li>')
  })
})

describe('words', () => {
  test('say how long, the whole of the largest unit, and a plus where it was longer than can be known', () => {
    expect([0, 40, 1_000, 59_999, 60_000, 7_200_000, 90_000_000].map((ms) => durationText(ms))).toEqual([
      '0 s',
      '40 ms',
      '1 s',
      '59 s',
      '1 m',
      '2 h',
      '1 d',
    ])
    expect(durationText(90_000, true)).toBe('1 m+')
  })

  test('never count below nothing: a lease that is still shown should have ended', () => {
    expect([endText(7_000, 5_000), endText(7_000, 6_999), endText(7_000, 9_000), endText(null, 0)]).toEqual([
      '2 s',
      '1 s',
      'should have ended',
      '–',
    ])
  })

  test('tell of one lock in one sentence', () => {
    expect(lineSentence(rowOf(), 0)).toBe('Held by db3/4711 for 12 s, none waits.')
    const contended = rowOf({ holders: 3, waiters: 2, oldestWaitMs: 61_000, isAtLeast: true })
    expect(lineSentence(contended, 1_000)).toBe('Held by db3/4711 and 2 more for 13 s+, 2 wait, the first since 1 m.')
  })

  test.each(['seat', 'a seat', 'größe/✓', '100%@home', '\u0000'.replace('\u0000', '~')])(
    'spell %s as a sequencer does',
    (name) => {
      const [, spelling] = formatSequencer({ namespace: 'n', name, mode: 'exclusive', token: 1n }).split('/')
      expect(spellingOf(name)).toBe(spelling)
      expect(nameOf(spellingOf(name))).toBe(name)
    },
  )
})

describe('the address', () => {
  test('carries the view, the lock and the filter there and back', () => {
    const filter = { text: 'or der', state: 'held', onlyContended: true, sort: 'waiters' } as const
    for (const place of [
      { view: 'store' },
      { view: 'line', name: 'a b/c' },
      { view: 'owner', owner: 'db 3/4711' },
      { view: 'lines', filter },
    ] as const) {
      expect(placeOf(hashOf(place))).toEqual(place)
    }
    expect(placeOf('#/?sort=nonsense')).toEqual({ view: 'lines', filter: NO_FILTER })
  })

  test('carries the key of a printed link, and nothing else is one', () => {
    expect(keyIn(`#k=${'a'.repeat(43)}`)).toBe('a'.repeat(43))
    expect([keyIn('#/'), keyIn('#k='), keyIn(`#k=${'<'.repeat(43)}`)]).toEqual([undefined, undefined, undefined])
  })
})

describe('rows', () => {
  function tableOf(...rows: readonly Partial<LineRow>[]): LineTable {
    const table = new LineTable()
    for (const row of rows) table.apply('line', rowOf(row), 1_000)
    return table
  }
  const namesOf = (table: LineTable, filter = {}): readonly string[] =>
    table.shown({ ...NO_FILTER, ...filter }).map(({ row }) => row.name)

  test('are shown with the longest wait first, and by what a reader chooses', () => {
    const table = tableOf(
      { name: 'b', waiters: 1, oldestWaitMs: 5_000 },
      { name: 'a', forMs: 99_000, endsInMs: 1_000 },
      { name: 'c', waiters: 9, oldestWaitMs: 9_000 },
    )
    expect(namesOf(table)).toEqual(['c', 'b', 'a'])
    expect(namesOf(table, { sort: 'name' })).toEqual(['a', 'b', 'c'])
    expect(namesOf(table, { sort: 'since' })[0]).toBe('a')
    expect(namesOf(table, { sort: 'ends' })[0]).toBe('a')
    expect(namesOf(table, { onlyContended: true, sort: 'waiters' })).toEqual(['c', 'b'])
  })

  test('are found by a part of the name or of the owner, in any case', () => {
    const table = tableOf({ name: 'orders:run' }, { name: 'seat', owner: 'WEB1/31' })
    expect([namesOf(table, { text: 'ERS' }), namesOf(table, { text: 'web1' })]).toEqual([['orders:run'], ['seat']])
  })

  test('of a stream that begins anew are doubtful until it is complete, and stay if they are told again', () => {
    const table = tableOf({ name: 'a' }, { name: 'b' })
    table.apply('reset', {}, 2_000)
    expect(namesOf(table)).toEqual(['a', 'b'])
    table.apply('line', rowOf({ name: 'b' }), 2_000)
    table.apply('ready', {}, 2_000)
    expect(namesOf(table)).toEqual(['b'])
    table.apply('free', { name: 'b' }, 2_000)
    expect(table.size).toBe(0)
  })

  test('are counted: what is held, what waits, what has not moved for 5 minutes, what should have ended', () => {
    const table = tableOf({ name: 'a', holders: 2, waiters: 3, forMs: 400_000, oldestWaitMs: 299_500 }, { name: 'b' })
    expect(table.totals(1_000)).toEqual({ held: 3, waiting: 3, stuck: 0, overdue: 0 })
    expect(table.totals(9_000)).toEqual({ held: 3, waiting: 3, stuck: 1, overdue: 2 })
  })

  test('are drawn only around what is in view', () => {
    expect(drawnPart(10_000, 0, 600, 36)).toEqual({ from: 0, to: 32 })
    expect(drawnPart(10_000, 36_000, 600, 36)).toEqual({ from: 985, to: 1_032 })
    expect(drawnPart(3, 0, 600, 36)).toEqual({ from: 0, to: 3 })
    // A list that became short while it was scrolled far down.
    expect(drawnPart(3, 360_000, 600, 36)).toEqual({ from: 0, to: 3 })
  })
})

test('events are read out of text that is cut anywhere', () => {
  const text = 'retry: 700\n\n: beat\n\nid: a.7\nevent: line\ndata: {"name":"ü"}\n\nevent: ready\ndata: {}\n\n'
  for (let at = 0; at < text.length; at += 1) {
    const parser = new EventParser()
    const events = [...parser.read(text.slice(0, at)), ...parser.read(text.slice(at))]
    expect(events).toEqual([
      { event: 'line', data: '{"name":"ü"}' },
      { event: 'ready', data: '{}' },
    ])
    expect([parser.place, parser.retryMs]).toEqual(['a.7', 700])
  }
})
