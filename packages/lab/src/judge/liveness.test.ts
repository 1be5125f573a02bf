import { describe, expect, it } from 'vitest'
import { broken, Story } from './judge.fixture.ts'

const first = { askedMs: 0, grantedMs: 1, validMs: 100, releasedMs: 20 }

describe('the judge', () => {
  it('A: sees a wait that never ended', () => {
    expect(broken(new Story().op('a', 'acquire', [1], {}))).toEqual(['A'])
  })

  it('A: excuses the waits of a process that crashed', () => {
    const story = new Story().op('a', 'acquire', [1], {}).at('nemesis', 'nemesis', 2, { kind: 'crash', target: 'a' })
    expect(broken(story)).toEqual([])
  })

  it('A: excuses no wait of a process that had to be killed because it did not end, and blames it for nothing else', () => {
    const story = new Story()
      .hold('a', 1, { askedMs: 0, grantedMs: 1, validMs: 50 })
      .op('a', 'acquire', [2], {})
      .at('nemesis', 'nemesis', 40, { kind: 'abandon', target: 'a' })
      .at('a', 'end', 400)
    expect(broken(story)).toEqual(['A'])
  })

  it('A: sees a lock that cannot be had after healing', () => {
    const story = new Story()
      .at('nemesis', 'nemesis', 1, { kind: 'heal', target: 'all' })
      .op('a', 'acquire', [2, 50], { must: true }, 'WAIT_TIMEOUT')
    expect(broken(story)).toEqual(['A'])
  })

  it('A: sees a lease that was lost although nothing was wrong', () => {
    const story = (lostMs: number): Story =>
      new Story()
        .at('nemesis', 'nemesis', 0.5, { kind: 'wipe', target: 'store' })
        .at('nemesis', 'nemesis', 1, { kind: 'heal', target: 'all' })
        .hold('a', 1, { askedMs: 2, grantedMs: 3, validMs: lostMs + 5 })
        .at('a', 'lost-signal', lostMs, { token: '1' })
        .at('a', 'lost', lostMs, { token: '1' })
    expect(broken(story(50), { freeNs: 1e9 })).toEqual([])
    expect(broken(story(50), { freeNs: 1e7 })).toEqual(['A'])
    expect(broken(story(50), { freeNs: 1e9, quietNs: 1e7 })).toEqual(['A'])
  })

  it('A: asks for lost leases from the first moment where there are no faults at all', () => {
    const story = (): Story =>
      new Story()
        .hold('a', 1, { askedMs: 2, grantedMs: 3, validMs: 55 })
        .at('a', 'lost-signal', 50, { token: '1' })
        .at('a', 'lost', 50, { token: '1' })
    const healed = (): Story => story().at('nemesis', 'nemesis', 60, { kind: 'heal', target: 'all' })
    expect(broken(story())).toEqual(['A'])
    expect(broken(healed())).toEqual(['A'])
    expect(broken(healed().at('nemesis', 'nemesis', 1, { kind: 'wipe', target: 'store' }))).toEqual([])
  })

  it('A: blames a lost lease on the machine when somebody did not run since it was renewed', () => {
    const story = (stalledMs: number): Story =>
      new Story()
        .hold('a', 1, { askedMs: 2, grantedMs: 3, validMs: 30 })
        .at('a', 'extended', 20, { token: '1', validUntil: '60000000' })
        .at('b', 'stalled', stalledMs, { ms: 10 })
        .at('a', 'lost-signal', 50, { token: '1' })
        .at('a', 'lost', 50, { token: '1' })
    expect([story(45), story(52), story(19), story(70)].map((one) => broken(one))).toEqual([[], [], ['A'], ['A']])
  })

  it('A: sees a lock that stands free while somebody waits', () => {
    const slow = { askedMs: 2, grantedMs: 500, validMs: 600, releasedMs: 510 }
    const story = (): Story => new Story().hold('a', 1, first).hold('b', 2, slow)
    expect(broken(story(), { freeNs: 1e9 })).toEqual([])
    expect(broken(story(), { freeNs: 1e8 })).toEqual(['A'])
  })

  it('A: sees a lock that stands free while one after the other waits, gives up, and none waits for long', () => {
    const story = (waits: number): Story => {
      const all = new Story().hold('a', 1, first)
      for (let index = 0; index < waits; index += 1) {
        all.op('b', 'acquire', [30 + index * 40, 69 + index * 40], {}, 'WAIT_TIMEOUT')
      }
      return all.at('a', 'end', 400)
    }
    expect(broken(story(3), { freeNs: 1.5e8 })).toEqual([])
    expect(broken(story(5), { freeNs: 1.5e8 })).toEqual(['A'])
  })

  it('A: counts the waits of several at the same moment once', () => {
    const story = new Story().hold('a', 1, first)
    for (const p of ['b', 'c', 'd']) story.op(p, 'acquire', [30, 90], {}, 'WAIT_TIMEOUT')
    expect(broken(story.at('a', 'end', 400), { freeNs: 1e8 })).toEqual([])
  })

  it('A: takes a lock that was handed out too late for one that could be had', () => {
    const story = new Story()
      .at('nemesis', 'nemesis', 1, { kind: 'heal', target: 'all' })
      .op('a', 'acquire', [2, 50], { must: true }, 'DEAD_ON_ARRIVAL')
      .at('a', 'stalled', 50, { ms: 40 })
    expect(broken(story)).toEqual([])
  })
})
