import { describe, expect, it } from 'vitest'
import { broken, Story } from './judge.fixture.ts'

describe('the order of the line, as the judge sees it', () => {
  it('F: sees a claim that was granted before one that stood in line earlier', () => {
    const story = new Story()
      .op('a', 'enqueue', [1, 2], { id: 'one' }, { standing: 'queued' })
      .op('b', 'enqueue', [3, 4], { id: 'two' }, { standing: 'held', token: '5' })
      .op('a', 'enqueue', [8, 9], { id: 'one' }, { standing: 'held', token: '6' })
    expect(broken(story)).toEqual(['F'])
  })

  it('F: knows no order between claims that were on their way at the same time', () => {
    const story = new Story()
      .op('a', 'enqueue', [1, 4], { id: 'one' }, { standing: 'queued' })
      .op('b', 'enqueue', [3, 4], { id: 'two' }, { standing: 'held', token: '5' })
      .op('a', 'enqueue', [8, 9], { id: 'one' }, { standing: 'held', token: '6' })
    expect(broken(story)).toEqual([])
  })

  it('F: knows no order for a claim that may have lost its place and stood in line anew', () => {
    const story = (answeredMs: number): Story =>
      new Story()
        .op('a', 'enqueue', [1, 2], { id: 'one', keptMs: 100 }, { standing: 'queued' })
        .op('b', 'enqueue', [3, 4], { id: 'two', keptMs: 100 }, { standing: 'held', token: '5' })
        .op('a', 'enqueue', [answeredMs - 1, answeredMs], { id: 'one', keptMs: 100 }, { standing: 'held', token: '6' })
    expect(broken(story(90))).toEqual(['F'])
    expect(broken(story(110))).toEqual([])
  })

  it('F: knows no order once the life is over that the last answer about the place promised', () => {
    const story = (lifeMs: number): Story =>
      new Story()
        .op('a', 'enqueue', [1, 2], { id: 'one', keptMs: 100 }, { standing: 'queued', lifeMs })
        .op('b', 'enqueue', [3, 4], { id: 'two', keptMs: 100 }, { standing: 'held', token: '5' })
        .op('a', 'enqueue', [89, 90], { id: 'one', keptMs: 100 }, { standing: 'held', token: '6' })
    expect(broken(story(91))).toEqual(['F'])
    expect(broken(story(80))).toEqual([])
  })
})
