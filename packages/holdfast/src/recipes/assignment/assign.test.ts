/** Ten thousand random groups: each assignment is fair, none moves more than it must, and all processes make the same one. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assign, type Candidature, type Owner } from './assign.ts'
import { assignmentOf, encodeOwners, memberKey, OWNERS_MAX, PARTITIONS_MAX } from './assignment-note.ts'
import { shareIn, traitsOf } from './member-traits.ts'

const GROUPS = 10_000
const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

interface Group {
  readonly before: readonly Owner[]
  readonly present: readonly Candidature[]
}

const groups: fc.Arbitrary<Group> = fc.record({
  before: fc.array(fc.option(fc.constantFrom(...IDS)), { maxLength: 30 }),
  present: fc.uniqueArray(fc.record({ id: fc.constantFrom(...IDS), share: fc.integer({ min: 1, max: 4 }) }), {
    selector: ({ id }) => id,
    maxLength: IDS.length,
  }),
})

const countOf = (owners: readonly Owner[], id: string): number => owners.filter((owner) => owner === id).length
const movesOf = (before: readonly Owner[], after: readonly Owner[]): number =>
  before.filter((owner, index) => owner !== null && owner !== after[index]).length

/** Of all ways to round the exact parts, the one that keeps the most: found by trying each. */
function fewestMoves({ before, present }: Group): number {
  const shares = present.reduce((sum, { share }) => sum + share, 0)
  let ways = new Map([[0, 0]])
  for (const { id, share } of present) {
    const exact = (before.length * share) / shares
    const next = new Map<number, number>()
    for (const [given, kept] of ways) {
      for (const target of new Set([Math.floor(exact), Math.ceil(exact)])) {
        const sum = given + target
        next.set(sum, Math.max(next.get(sum) ?? 0, kept + Math.min(target, countOf(before, id))))
      }
    }
    ways = next
  }
  const owned = before.filter((owner) => owner !== null).length
  return owned - (ways.get(before.length) ?? 0)
}

test('is balanced within one of the exact part, and no fair assignment moves fewer', () => {
  fc.assert(
    fc.property(groups, (group) => {
      const { before, present } = group
      const after = assign(before, present)
      expect(after).toHaveLength(before.length)
      if (present.length === 0) {
        expect(after.every((owner) => owner === null)).toBe(true)
        return
      }
      const shares = present.reduce((sum, { share }) => sum + share, 0)
      for (const { id, share } of present) {
        expect(Math.abs(countOf(after, id) - (before.length * share) / shares)).toBeLessThan(1)
      }
      expect(after.every((owner) => present.some(({ id }) => id === owner))).toBe(true)
      expect(movesOf(before, after)).toBe(fewestMoves(group))
    }),
    { numRuns: GROUPS },
  )
})

test('is the same in whatever order the members are known, and settles at once', () => {
  fc.assert(
    fc.property(groups, ({ before, present }) => {
      const after = assign(before, present)
      expect(assign(before, present.toReversed())).toEqual(after)
      expect(assign(after, present)).toEqual(after)
    }),
    { numRuns: 1_000 },
  )
})

test('takes no partition from a member that keeps its part, and gives none back and forth', () => {
  const two = assign(
    ['a', 'a', 'b', 'b', 'b', 'a'],
    [
      { id: 'a', share: 1 },
      { id: 'b', share: 1 },
    ],
  )
  expect(two).toEqual(['a', 'a', 'b', 'b', 'b', 'a'])
  const three = assign(
    two,
    ['a', 'b', 'c'].map((id) => ({ id, share: 1 })),
  )
  expect(three).toEqual(['a', 'a', 'b', 'b', 'c', 'c'])
  expect(
    assign(three, [
      { id: 'a', share: 1 },
      { id: 'c', share: 1 },
    ]),
  ).toEqual(['a', 'a', 'a', 'c', 'c', 'c'])
})

test('refuses an id that is present twice and a share that is none', () => {
  expect(() =>
    assign(
      [],
      [
        { id: 'a', share: 1 },
        { id: 'a', share: 1 },
      ],
    ),
  ).toThrow(/present twice/)
  expect(() => assign([], [{ id: 'a', share: 1.5 }])).toThrow(/share of "a" must be/)
})

test('fits into a note with all partitions and members that there may be, and is read from it', () => {
  const keys = Array.from({ length: OWNERS_MAX }, (_, index) => memberKey(`pod-${index}`))
  const owners = Array.from({ length: PARTITIONS_MAX }, (_, index): Owner => keys[index % (OWNERS_MAX + 1)] ?? null)
  const note = encodeOwners(owners)
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(4_096)
  const claim = { id: 'x', state: 'held', weight: 1, token: 7n, owner: 'host', note } as const
  const view = { resource: 'r', lastToken: 7n, version: '1', claims: [claim] }
  expect(assignmentOf(view)).toEqual({ generation: 7n, owners })
  expect(assignmentOf({ ...view, claims: [{ ...claim, note: 'something else' }] })).toBe(undefined)
  expect(assignmentOf({ ...view, claims: [] })).toBe(undefined)
})

test('a member that leaves or is gone for good gets nothing, and one that is awaited keeps its share', () => {
  expect(shareIn({ traits: traitsOf(3, false), state: 'held' })).toBe(3)
  expect(shareIn({ traits: traitsOf(0, true), state: 'held' })).toBe(0)
  expect(shareIn({ traits: traitsOf(3, true), state: 'lingering' })).toBe(3)
  expect(shareIn({ traits: traitsOf(3, false), state: 'lingering' })).toBe(0)
  expect(shareIn({ traits: 'no number', state: 'held' })).toBe(0)
})
