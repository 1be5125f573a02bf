import { expect, test } from 'vitest'
import { markdownOf } from './markdown.ts'

const suite = { name: 'pair', about: 'what it costs' }

test('figures that tell the same of several places are one table with a row for each place', () => {
  const text = markdownOf(suite, [
    { what: '1 in flight, ours: p50', unit: 'µs', value: 120, target: { atMost: 100 } },
    {
      what: '1 in flight, ours: ratio',
      unit: '×',
      value: 1.2,
      noise: { low: 0.9, high: 1.1 },
      target: { atMost: 1.3 },
    },
    { what: '1 in flight, bare: p50', unit: 'µs', value: 100 },
    { what: '1 in flight, bare: ratio', unit: '×', value: 1 },
  ])
  expect(text.split('\n').filter((line) => line.startsWith('|'))).toEqual([
    '|  | p50 | ratio |',
    '| --- | --- | --- |',
    '| 1 in flight, ours | 120 µs, ≤ 100 **missed** | 1.2 × (0.9 – 1.1), ≤ 1.3 |',
    '| 1 in flight, bare | 100 µs | 1 × |',
  ])
})

test('figures of one place have a row each', () => {
  const text = markdownOf(suite, [
    { what: 'served', unit: '', value: 1000, target: { atLeast: 1000 } },
    { what: 'time', unit: 's', value: 1.5 },
  ])
  expect(text).toContain('| served | 1,000 |  | ≥ 1,000 |\n| time | 1.5 s |  |  |')
})

test('a wide table is told in parts, each with the places in front', () => {
  const figures = ['a', 'b'].flatMap((where) =>
    Array.from({ length: 8 }, (_, index) => ({ what: `${where}: f${index}`, unit: '', value: index })),
  )
  const lines = markdownOf(suite, figures).split('\n')
  expect(lines.filter((line) => line.startsWith('| a '))).toEqual(['| a | 0 | 1 | 2 | 3 | 4 | 5 |', '| a | 6 | 7 |'])
})
