/** Names from arguments: no two resources under one name, and none under a name that lacks its id. */
import { describe, expect, test } from 'vitest'
import { nameFunction } from './lock-name.ts'

describe('a name with places', () => {
  test.each([
    ['nightly', ['14A'], 'nightly'],
    ['seat:${0}', ['14A'], 'seat:14A'],
    ['seat:${1.seat.id}', [null, { seat: { id: 7 } }], 'seat:7'],
    ['seat:${id}', ['now', { id: true }], 'seat:true'],
    ['seat:${0}:${1}', ['a:b', '%3A'], 'seat:a%3Ab:%253A'],
  ])('%s of %j is %s', (text, call, name) => {
    expect(nameFunction(text)(call)).toBe(name)
  })

  test('takes a bigint, as a token or a key of a database is one', () => {
    expect(nameFunction('row:${0}')([2n ** 60n])).toBe('row:1152921504606846976')
  })

  test.each([
    ['seat:${0}', []],
    ['seat:${0}', [null]],
    ['seat:${0}', ['']],
    ['seat:${0}', [{ id: 1 }]],
    ['seat:${0.id}', ['14A']],
    ['seat:${0.id}', [{}]],
    ['seat:${id}', ['14A']],
    ['seat:${id}', [{ id: 1 }, { id: 2 }]],
  ])('%s of %j is refused, and no lock has a name without its id', (text, call) => {
    expect(() => nameFunction(text)(call)).toThrow(/lock/)
  })

  test.each(['seat:${}', 'seat:${a b}', 'seat:${0[1]}', 'seat:${this.id()}'])(
    '%s is refused when it is read',
    (text) => {
      expect(() => nameFunction(text)).toThrow('write an argument')
    },
  )

  test('does not reach what every object has', () => {
    expect(() => nameFunction('seat:${0.constructor}')([{}])).toThrow('which is function')
  })
})

test('a list has a name for each, and a function is called with the arguments', () => {
  expect(nameFunction(['from:${0}', 'to:${1}'])(['a', 'b'])).toEqual(['from:a', 'to:b'])
  expect(nameFunction((from: string) => [from, 'ledger'])(['a'])).toEqual(['a', 'ledger'])
})
