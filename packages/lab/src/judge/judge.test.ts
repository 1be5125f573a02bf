import { describe, expect, it } from 'vitest'
import { broken, Story } from './judge.fixture.ts'

const first = { askedMs: 0, grantedMs: 1, validMs: 100, releasedMs: 20 }
const second = { askedMs: 2, grantedMs: 30, validMs: 120, releasedMs: 40 }

describe('the judge', () => {
  it('finds nothing in a history where everything is right', () => {
    const story = new Story()
      .hold('a', 1, first)
      .op('a', 'enter', [2, 3], { token: '1' })
      .at('table', 'commit', 2.5, { cseq: 1, token: '1', kind: 'enter', raises: true })
      .op('a', 'write', [4, 5], { token: '1', element: 'x' })
      .at('table', 'commit', 4.5, {
        cseq: 2,
        token: '1',
        kind: 'write',
        raises: true,
        base: 0,
        version: 1,
        element: 'x',
      })
      .op('a', 'renew', [6, 7], { token: '1' })
      .hold('b', 2, second)
      .op('a', 'enqueue', [0, 1], { id: 'one' }, { standing: 'held', token: '1' })
      .op('b', 'enqueue', [2, 3], { id: 'two' }, { standing: 'queued' })
      .op('b', 'enqueue', [29, 30], { id: 'two' }, { standing: 'held', token: '2' })
      .at('table', 'final', 50, { elements: 'x' })
      .at('end', 'leftovers', 50, { timers: 0 })
    expect(broken(story)).toEqual([])
  })

  it('U: lets a lease be over on arrival only when the process was stopped meanwhile, or not run', () => {
    const dead = (): Story => new Story().op('a', 'acquire', [1, 50], {}, 'DEAD_ON_ARRIVAL')
    const resumed = dead().at('nemesis', 'nemesis', 40, { kind: 'resume', target: 'a' })
    expect(broken(resumed.at('nemesis', 'nemesis', 60, { kind: 'heal', target: 'everything' }))).toEqual(['U'])
    const stopped = resumed.at('nemesis', 'nemesis', 10, { kind: 'pause', target: 'a' })
    expect(broken(stopped)).toEqual([])
    expect(broken(dead().at('a', 'stalled', 45, { ms: 120 }))).toEqual([])
    expect(broken(dead().at('b', 'stalled', 45, { ms: 120 }))).toEqual(['U'])
    expect(broken(dead())).toEqual(['U'])
  })

  it('V: lets the next one hold as soon as the holder was killed, and not before', () => {
    const held = { askedMs: 0, grantedMs: 1, validMs: 100 }
    const story = (killedMs: number): Story =>
      new Story()
        .hold('a', 1, held)
        .at('nemesis', 'nemesis', killedMs, { kind: 'crash', target: 'a' })
        .hold('b', 2, second)
        .at('nemesis', 'nemesis', 90, { kind: 'heal', target: 'everything' })
    expect(broken(story(20))).toEqual([])
    expect(broken(story(35))).toEqual(['V'])
  })

  it('T: sees a token that is not larger than one answered before it was asked for', () => {
    const later = { askedMs: 25, grantedMs: 30, validMs: 120, releasedMs: 40 }
    expect(broken(new Story().hold('a', 2, first).hold('b', 1, later))).toContain('T')
  })

  it('T: sees a token that was given twice', () => {
    expect(broken(new Story().hold('a', 2, first).hold('b', 2, second))).toContain('T')
  })

  it('T: sees tokens that fall from hold to hold although the requests overlapped', () => {
    expect(broken(new Story().hold('a', 2, { ...first, askedMs: 0 }).hold('b', 1, { ...second, askedMs: 0 }))).toEqual([
      'T',
    ])
  })

  it('T: asks only for the order of the requests where two may hold: a stopped holder sees his grant late', () => {
    const story = new Story().hold('a', 2, { ...first, askedMs: 0 }).hold('b', 1, { ...second, askedMs: 0 })
    expect(broken(story, { freeNs: 1e9, mayOverlapAt: () => true })).toEqual([])
    expect(broken(story, { freeNs: 1e9, mayOverlapAt: (atNs) => atNs > 35e6 })).toEqual(['T'])
    const later = new Story()
      .hold('a', 2, first)
      .hold('b', 1, { askedMs: 25, grantedMs: 30, validMs: 120, releasedMs: 40 })
    expect(broken(later, { freeNs: 1e9, mayOverlapAt: () => true })).toEqual(['T'])
  })

  it('T: compares tokens as numbers, not as text', () => {
    const later = { askedMs: 25, grantedMs: 30, validMs: 120, releasedMs: 40 }
    expect(broken(new Story().hold('a', 9, first).hold('b', 10, later))).toEqual([])
  })

  it('G: sees a stale token admitted, in the order of the resource', () => {
    const story = new Story()
      .at('table', 'commit', 1, { cseq: 1, token: '10', kind: 'enter', raises: true })
      .at('table', 'commit', 2, { cseq: 2, token: '9', kind: 'read', raises: false })
    expect(broken(story)).toEqual(['G'])
  })

  it('G: lets the tokens of shared holders stand side by side', () => {
    const story = new Story()
      .at('table', 'commit', 1, { cseq: 1, token: '3', kind: 'read', raises: false })
      .at('table', 'commit', 2, { cseq: 2, token: '2', kind: 'read', raises: false })
    expect(broken(story)).toEqual([])
  })

  it('G″: sees a refusal that nobody gave a reason for', () => {
    expect(broken(new Story().op('a', 'enter', [1, 2], { token: '7' }, 'STALE_TOKEN'))).toEqual(['G″'])
  })

  it('G″: accepts a larger token on its way as the reason', () => {
    const story = new Story()
      .op('b', 'enter', [1.5], { token: '8' })
      .op('a', 'enter', [1, 2], { token: '7' }, 'STALE_TOKEN')
    expect(broken(story)).toEqual([])
  })

  it('G″: takes no shared holder for a reason, because a read raises nothing', () => {
    const story = new Story()
      .op('b', 'read', [0.5, 0.8], { token: '8' })
      .op('a', 'read', [1, 2], { token: '7' }, 'STALE_TOKEN')
    expect(broken(story)).toEqual(['G″'])
  })

  it('L: sees an acknowledged element that is not in the final value', () => {
    const story = new Story()
      .op('a', 'write', [1, 2], { token: '1', element: 'x' })
      .at('table', 'final', 3, { elements: 'y' })
    expect(broken(story)).toEqual(['L'])
  })

  it('L: sees a version that overwrites one it was not made from', () => {
    const write = { kind: 'write', raises: true, token: '1' }
    const story = new Story()
      .at('table', 'commit', 1, { ...write, cseq: 1, base: 0, version: 1 })
      .at('table', 'commit', 2, { ...write, cseq: 2, base: 0, version: 2 })
    expect(broken(story)).toEqual(['L'])
  })

  it('V: sees two holders of a mutex at once', () => {
    expect(broken(new Story().hold('a', 1, first).hold('b', 2, { ...second, grantedMs: 19 }))).toEqual(['V'])
  })

  it('V: sees a holder whose lease was over as gone', () => {
    const { releasedMs: _, ...silent } = first
    const story = new Story()
      .hold('a', 1, { ...silent, validMs: 29 })
      .at('a', 'lost-signal', 29, { token: '1' })
      .hold('b', 2, second)
    expect(broken(story)).toEqual([])
  })

  it('V: sees a holder that knows that its lease is lost as gone, though its last answer promised more', () => {
    const { releasedMs: _, ...silent } = first
    const story = (lostMs: number): Story =>
      new Story()
        .hold('a', 1, silent)
        .at('a', 'lost', lostMs, { token: '1' })
        .hold('b', 2, second)
        .at('a', 'lost-signal', 100, { token: '1' })
    expect(broken(story(29))).not.toContain('V')
    expect(broken(story(35))).toContain('V')
  })

  it('V: counts the weights of permits', () => {
    const story = (weight: number): Story =>
      new Story().hold('a', 1, first, 2, 3).hold('b', 2, { ...second, grantedMs: 5 }, weight, 3)
    expect(broken(story(1))).toEqual([])
    expect(broken(story(2))).toEqual(['V'])
  })

  it('V: sees a writer beside a reader', () => {
    const story = new Story().hold('a', 1, first, 1, 1000).hold('b', 2, { ...second, grantedMs: 5 }, 1000, 1000)
    expect(broken(story)).toEqual(['V'])
  })

  it('U: sees a guarded call that was sent after the own lease had ended', () => {
    const { releasedMs: _, ...silent } = first
    const story = new Story()
      .hold('a', 1, silent)
      .at('a', 'lost-signal', 100, { token: '1' })
      .op('a', 'write', [100.5, 101], { token: '1', element: 'x' })
      .at('table', 'final', 102, { elements: 'x' })
    expect(broken(story)).toEqual(['U'])
  })

  it('U: forgives no call by a renewal that was heard of only after it', () => {
    const { releasedMs: _, ...silent } = first
    const story = (sentMs: number): Story =>
      new Story()
        .hold('a', 1, { ...silent, validMs: 20 })
        .op('a', 'write', [sentMs, sentMs + 1], { token: '1', element: 'x' })
        .at('a', 'extended', 40, { token: '1', validUntil: '100000000' })
        .at('a', 'lost-signal', 100, { token: '1' })
        .at('table', 'final', 110, { elements: 'x' })
    expect(broken(story(19))).toEqual([])
    expect(broken(story(30))).toEqual(['U'])
    expect(broken(story(41))).toEqual([])
  })

  it('N: sees a loss that was told too late, or never', () => {
    const { releasedMs: _, ...silent } = first
    const story = (): Story => new Story().hold('a', 1, silent)
    expect(broken(story().at('a', 'lost-signal', 100.5, { token: '1' }).at('a', 'end', 300))).toEqual([])
    expect(broken(story().at('a', 'lost-signal', 105, { token: '1' }).at('a', 'end', 300))).toEqual(['N'])
    expect(broken(story().at('a', 'end', 300))).toEqual(['N'])
  })

  it('N: excuses a process that was paused until it runs again', () => {
    const { releasedMs: _, ...silent } = first
    const story = (toldMs: number): Story =>
      new Story()
        .hold('a', 1, silent)
        .at('nemesis', 'nemesis', 50, { kind: 'pause', target: 'a' })
        .at('nemesis', 'nemesis', 200, { kind: 'resume', target: 'a' })
        .at('a', 'lost-signal', toldMs, { token: '1' })
        .at('a', 'end', 300)
    expect(broken(story(200))).toEqual([])
    expect(broken(story(202))).toEqual(['N'])
  })

  it('N: sees a lease that came back after its loss was told', () => {
    const story = new Story()
      .hold('a', 1, first)
      .at('nemesis', 'nemesis', 9, { kind: 'wipe', target: 'store' })
      .at('a', 'lost', 10, { token: '1' })
      .at('a', 'extended', 12, { token: '1', validUntil: '110000000' })
      .at('nemesis', 'nemesis', 13, { kind: 'heal', target: 'all' })
    expect(broken(story)).toEqual(['N'])
  })

  it('N: sees a belief that the store does not share, unless it was evicted and cannot know', () => {
    const story = (): Story => new Story().hold('a', 1, first)
    expect(broken(story().at('a', 'wrong-belief', 10, { token: '1' }))).toEqual(['N'])
    const evicted = story().op('root', 'evict', [8, 9], { token: '1' })
    expect(broken(evicted.at('a', 'wrong-belief', 10, { token: '1' }))).toEqual([])
  })

  it('U: sees a lease that had ended before it was handed out', () => {
    const story = new Story().hold('a', 1, { askedMs: 0, grantedMs: 50, validMs: 50 })
    expect(broken(story.at('a', 'lost-signal', 50, { token: '1' }))).toEqual(['U'])
  })

  it('R: sees a renewal answered with yes after the next grant', () => {
    const { releasedMs: _, ...silent } = first
    const story = new Story()
      .hold('a', 1, { ...silent, validMs: 20 })
      .at('a', 'lost-signal', 20, { token: '1' })
      .hold('b', 2, second)
      .op('a', 'renew', [31, 32], { token: '1' })
    expect(broken(story)).toEqual(['R'])
  })

  it('R: sees a renewal answered with yes after an eviction or a release', () => {
    const evicted = new Story()
      .hold('a', 1, first)
      .op('root', 'evict', [5, 6], { token: '1' })
      .op('a', 'renew', [7, 8], { token: '1' })
    expect(broken(evicted)).toEqual(['R'])
    expect(broken(new Story().hold('a', 1, first).op('a', 'renew', [22, 23], { token: '1' }))).toEqual(['R'])
  })

  it('R: lets permits be renewed beside newer ones', () => {
    const story = new Story()
      .hold('a', 1, first, 1, 2)
      .hold('b', 2, { ...second, grantedMs: 5 }, 1, 2)
      .op('a', 'renew', [6, 7], { token: '1' })
    expect(broken(story)).toEqual([])
  })

  it('S: sees what was left behind', () => {
    expect(broken(new Story().at('end', 'leftovers', 1, { timers: 0, claims: 2 }))).toEqual(['S'])
  })
})
