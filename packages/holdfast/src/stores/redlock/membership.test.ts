import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeOf, idOf, isMajority, maxTtlIn, membershipOf, plainQuorum, quorumOf } from './membership.ts'
import { majorityOf } from './quorum.ts'

const three = { names: ['a:1', 'b:1', 'c:1'], maxTtlMs: 60_000 }
const five = { names: [...three.names, 'd:1', 'e:1'], maxTtlMs: 60_000 }

test('the name of a list says which servers, in any order, and how long leases may be', () => {
  expect(idOf({ ...three, names: three.names.toReversed() })).toBe(idOf(three))
  expect(idOf(five)).not.toBe(idOf(three))
  expect(idOf({ ...three, names: ['a:1', 'b:1', 'd:1'] })).not.toBe(idOf(three))
  expect(idOf({ ...three, maxTtlMs: 60_001 })).not.toBe(idOf(three))
  expect(changeOf(three, five)).not.toBe(changeOf(five, three))
})

test('how long leases may be is read from the name of a list with the same servers alone', () => {
  const slow = { ...five, maxTtlMs: 600_000 }
  expect(maxTtlIn(idOf(slow), five.names)).toBe(600_000)
  expect(maxTtlIn(changeOf(three, slow), five.names)).toBe(600_000)
  expect(maxTtlIn(changeOf(three, slow), three.names)).toBe(60_000)
  expect(maxTtlIn(idOf(slow), three.names)).toBeUndefined()
})

test('without a change a majority of the servers makes a grant, under the one list', () => {
  expect(membershipOf(five.names, five)).toEqual({
    accepted: [idOf(five)],
    own: idOf(five),
    quorum: { needed: 3, lists: [[0, 1, 2, 3, 4]] },
    leaseMsMax: 60_000,
    keptOutMs: 60_000,
  })
  for (let nodes = 3; nodes <= 15; nodes += 1) expect(plainQuorum(nodes).needed).toBe(majorityOf(nodes))
})

test.each([
  ['from three to five', five.names, three.names, 4],
  ['from five to three', five.names, three.names, 4],
  ['one of three is replaced', ['a:1', 'b:1', 'c:1', 'd:1'], ['a:1', 'b:1', 'd:1'], 3],
  ['all of three are replaced', ['a:1', 'b:1', 'c:1', 'x:1', 'y:1', 'z:1'], ['x:1', 'y:1', 'z:1'], 5],
  ['longer leases alone', three.names, three.names, 2],
])('%s: so many servers have a majority of both lists', (_, names, other, needed) => {
  const from = { names: names === five.names ? five.names : three.names, maxTtlMs: 60_000 }
  const to = { names: other, maxTtlMs: 600_000 }
  const { quorum, accepted, leaseMsMax, keptOutMs } = membershipOf(names, to, from)
  expect(quorum.needed).toBe(needed)
  expect(accepted).toEqual([idOf(from), changeOf(from, to), idOf(to)])
  expect([leaseMsMax, keptOutMs]).toEqual([60_000, 600_000])
})

test('whoever knows both lists shares a server with every majority of either of them', () => {
  const subset = (of: number): fc.Arbitrary<number[]> => fc.uniqueArray(fc.nat(of - 1), { minLength: 3, maxLength: of })
  fc.assert(
    fc.property(subset(8), subset(8), fc.nat(), (one, other, seed) => {
      const nodes = [...new Set([...one, ...other])]
      const lists = [one, other].map((list) => list.map((node) => nodes.indexOf(node)))
      const quorum = quorumOf(lists, nodes.length)
      const start = seed % nodes.length
      const granted = new Set(Array.from({ length: quorum.needed }, (_, index) => (start + index * 3) % nodes.length))
      if (granted.size < quorum.needed) return
      for (const list of lists) {
        expect(list.filter((node) => granted.has(node)).length).toBeGreaterThanOrEqual(majorityOf(list.length))
      }
      expect(isMajority(quorum, (node) => granted.has(node))).toBe(true)
      expect(2 * quorum.needed).toBeGreaterThan(nodes.length)
    }),
  )
})
