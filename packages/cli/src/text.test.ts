import { describe, expect, it } from 'vitest'
import { clipped, fitted } from './text.ts'

const FAMILY = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'
const FLAG = '\u{1f1e9}\u{1f1ea}'

describe('text on a terminal', () => {
  it.each([
    ['seat 14A', 5, 'seat…'],
    ['seat', 4, 'seat'],
    ['座席', 3, '座…'],
    ['座席', 2, '…'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
    [`${FAMILY}${FAMILY}`, 3, `${FAMILY}…`],
    [`${FLAG}${FLAG}`, 4, `${FLAG}${FLAG}`],
    ['seat', 0, ''],
  ])('%j in %i columns is %j: no character is cut in two', (text, columns, expected) => {
    expect(clipped(text, columns)).toBe(expected)
  })

  it('is padded by the columns that it takes, not by its code units', () => {
    expect(['a', '座', FAMILY, FLAG].map((text) => fitted(text, 4))).toEqual([
      'a   ',
      '座  ',
      `${FAMILY}  `,
      `${FLAG}  `,
    ])
  })
})
