import { describe, expect, it } from 'vitest'
import { broken, Story } from './judge.fixture.ts'

const silent = { askedMs: 0, grantedMs: 1, validMs: 100 }

describe('the judge', () => {
  it('N: excuses a process that the machine did not run, as long as that lasted', () => {
    const story = (stalledMs: number): Story =>
      new Story()
        .hold('a', 1, silent)
        .at('a', 'stalled', 300, { ms: stalledMs })
        .at('a', 'lost-signal', 300.5, { token: '1' })
        .at('a', 'end', 400)
    expect(broken(story(210))).toEqual([])
    expect(broken(story(190))).toEqual(['N'])
  })

  it('N: excuses no process for what befell another one', () => {
    const story = new Story().hold('a', 1, silent).at('b', 'stalled', 300, { ms: 250 })
    expect(broken(story.at('a', 'lost-signal', 300.5, { token: '1' }).at('a', 'end', 400))).toEqual(['N'])
  })

  it('N: counts several stops that overlap as one, until the last of them ends', () => {
    const story = new Story()
      .hold('a', 1, silent)
      .at('nemesis', 'nemesis', 50, { kind: 'pause', target: 'a' })
      .at('nemesis', 'nemesis', 150, { kind: 'resume', target: 'a' })
      .at('a', 'stalled', 200, { ms: 60 })
      .at('a', 'lost-signal', 200.5, { token: '1' })
    expect(broken(story.at('nemesis', 'nemesis', 210, { kind: 'heal', target: 'all' }).at('a', 'end', 400))).toEqual([])
  })
})
