/** The tail and the handover, explored completely for three claims; and damages of the protocol, which the model finds. */
import { expect, test } from 'vitest'
import { type Damage, explore } from './tail-model.fixture.ts'

test('three claims: never two holders, none behind a living claim, grants in order, and no waiter is forgotten', () => {
  const { states, transitions, violation } = explore(3)
  expect(violation).toBeUndefined()
  expect(states).toBeGreaterThan(5_000)
  expect(transitions).toBeGreaterThan(30_000)
})

test.each<[Damage, RegExp]>([
  ['absent tail is first', /^two hold|behind a claim/],
  ['watch without a read', /^one waits for an event that cannot come/],
  ['waiter hands over', /^two hold|behind a claim/],
  ['handover unread', /^two hold|behind a claim/],
])('the damage "%s" is found', (damage, violation) => {
  expect(explore(3, damage).violation).toMatch(violation)
})
