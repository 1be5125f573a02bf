import { expect, test } from 'vitest'
import { properties } from '../judge/violation.ts'
import { type Circumstances, excuses, excusesOf } from './expectations.ts'
import { faultNamed } from './faults/choice.ts'

const run: Circumstances = { scheme: 'redis', faults: [], persistence: 'always' }

function mayBreak(faults: readonly string[], change: Partial<Circumstances> = {}): string {
  const properties = excusesOf({ ...run, faults, ...change }).map(({ property }) => property)
  return [...new Set(properties)].toSorted().join('')
}

test('an excuse is for faults and a promise that exist, and gives a reason', () => {
  for (const { scheme, faults, property, besides = [], because } of excuses) {
    for (const fault of [...faults, ...besides]) expect(faultNamed(scheme, fault)).toBeDefined()
    expect(Object.keys(properties)).toContain(property)
    expect(because.length).toBeGreaterThan(40)
  }
})

test('what is done to workers alone excuses nothing', () => {
  for (const scheme of ['sqlite', 'redis']) expect(mayBreak(['pause', 'kill', 'clock-jump'], { scheme })).toBe('')
})

test('a broken connection excuses the order of the line and nothing else', () => {
  expect(mayBreak(['cut', 'black-hole', 'lose-replies', 'lose-requests', 'delay', 'partition', 'kill-server'])).toBe(
    'F',
  )
})

test('lost power excuses two holders only where an answer comes before the disk has it', () => {
  expect(mayBreak(['power-loss'])).toBe('')
  expect(mayBreak(['power-loss'], { persistence: 'everysec' })).toBe('FV')
})

test('a killed server excuses two holders only when it keeps nothing', () => {
  expect(mayBreak(['kill-server'], { persistence: 'everysec' })).toBe('F')
  expect(mayBreak(['kill-server'], { persistence: 'none' })).toBe('FV')
})

test('tokens may fall back only when the data is lost and the clock is set back in the same run', () => {
  expect(mayBreak(['wipe'])).toBe('FV')
  expect(mayBreak(['server-clock-jump'])).toBe('FV')
  expect(mayBreak(['server-clock-jump', 'wipe'])).toBe('FRTV')
})

test('what several do at the same moment is excused as each of them is', () => {
  expect(mayBreak(['pause+wipe'])).toBe('FV')
})

test('Redlock stands the loss of the data of a few servers, and of a part of it', () => {
  expect(mayBreak(['wipe', 'cut', 'kill-server'], { scheme: 'redlock' })).toBe('')
  expect(mayBreak(['power-loss'], { scheme: 'redlock', persistence: 'everysec' })).toBe('')
})

test('a group forgets who holds when it fails over, and never because a primary was silent', () => {
  for (const scheme of ['redis+cluster', 'redis+sentinel']) {
    expect(mayBreak(['pause', 'kill', 'clock-jump', 'pause-server'], { scheme })).toBe('')
    expect(mayBreak(['failover'], { scheme })).toBe('FRV')
    expect(mayBreak(['kill-server'], { scheme, persistence: 'none' })).toBe('FV')
  }
})

test('a killed primary excuses the order of the line behind Sentinels, and in a Cluster nothing', () => {
  const killed = ['kill-server', 'restart-server']
  expect(mayBreak(killed, { scheme: 'redis+sentinel' })).toBe('F')
  expect(mayBreak(killed, { scheme: 'redis+cluster' })).toBe('')
})

test('what the guard promises, and what each holder does by his own clock, is never excused', () => {
  for (const { property } of excuses) expect(['G', 'G″', 'L', 'U', 'N', 'A', 'S']).not.toContain(property)
})
