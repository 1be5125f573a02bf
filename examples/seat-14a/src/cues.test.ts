import { beforeEach, describe, expect, test } from 'vitest'
import { type HistoryEvent, Recorder } from '@holdfast/testbed/history'
import { acts, SEAT_KEY } from './acts.ts'
import { type Actor, type Cues, cuesOf } from './cues.ts'

let told: string[] = []
let cues: Cues = () => undefined

const actor = (name: string): Actor => ({
  name,
  goOn: () => void told.push(`${name} goes on`),
  stop: () => void told.push(`${name} stops`),
  resume: () => void told.push(`${name} resumes`),
})
const [a, b, c] = [actor('A'), actor('B'), actor('C')]

function begin(number: 1 | 2 | 3): void {
  told = []
  const act = acts[number - 1]
  if (act === undefined) throw new Error(`there is no act ${number}`)
  cues = cuesOf(act, new Recorder('conductor', ({ in: detail }) => void told.push(String(detail?.['kind']))))
}
const event = (f: string, buyer: string, e: HistoryEvent['e'] = 'sig', out = {}): HistoryEvent => {
  return { i: 0, t: '0', p: 'p', c: buyer, e, op: 0, f, k: SEAT_KEY, out }
}
const looked = (buyer: string, free = true): HistoryEvent => event('read', buyer, 'ok', { free })
const paid = (buyer: string): HistoryEvent => event('paid', buyer)
const wrote = (buyer: string): HistoryEvent => event('write', buyer, 'ok')

describe('without a lock', () => {
  beforeEach(() => begin(1))

  test('nobody writes before a second buyer has looked, however slow the machine starts it', () => {
    cues(looked('buyer 1'), a)
    cues(paid('buyer 1'), a)
    cues(looked('buyer 1'), a)
    expect(told).toEqual([])
    cues(looked('buyer 2'), b)
    expect(told).toEqual(['A goes on'])
  })

  test('who has paid after that writes at once', () => {
    for (const [buyer, process] of [
      ['buyer 1', a],
      ['buyer 2', b],
    ] as const)
      cues(looked(buyer), process)
    cues(paid('buyer 2'), b)
    cues(paid('buyer 1'), a)
    expect(told).toEqual(['B goes on', 'A goes on'])
  })

  test('a buyer that found the seat sold is not the second one', () => {
    cues(looked('buyer 1'), a)
    cues(looked('buyer 2', false), b)
    cues(paid('buyer 1'), a)
    expect(told).toEqual([])
  })
})

describe.each([2, 3] as const)('with the pause of act %d', (number) => {
  beforeEach(() => begin(number))

  test('the first that has paid is stopped until another one has written', () => {
    cues(paid('buyer 1'), a)
    cues(paid('buyer 2'), b)
    expect(told).toEqual(['A stops', 'pause', 'B goes on'])
    cues(wrote('buyer 2'), b)
    expect(told.slice(3)).toEqual(['resume', 'A resumes', 'A goes on'])
  })

  test('it goes on once, and nobody else is stopped', () => {
    cues(paid('buyer 1'), a)
    cues(wrote('buyer 2'), b)
    told = []
    cues(wrote('buyer 1'), a)
    cues(paid('buyer 3'), c)
    expect(told).toEqual(['C goes on'])
  })
})
