/** What sharing out costs, in virtual time over the memory store: moves, time to the full assignment, calls while nothing changes. */
import { expect, test } from 'vitest'
import type { aroundStore } from '../../testing/around-store.ts'
import { groupWorld } from './group.fixture.ts'

type Change = NonNullable<Parameters<typeof aroundStore>[1]>

function counter() {
  const calls = { count: 0 }
  const change: Change = (open) => ({
    enter: (claim) => ((calls.count += 1), open.enter(claim)),
    renew: (renewals) => ((calls.count += 1), open.renew(renewals)),
    look: (resource) => ((calls.count += 1), open.look(resource)),
    leave: (ref, options) => ((calls.count += 1), open.leave(ref, options)),
  })
  return { calls, change }
}

const say = (words: string): void => void process.stdout.write(`${words}\n`)

test.each([12, 1_000])('%d partitions are all at work within a second and a half', async (count) => {
  const { clock, atWork, begun, member } = groupWorld(count)
  for (let joined = 0; joined < 4; joined += 1) member()
  let passedMs = 0
  for (; atWork.size < count && passedMs < 10_000; passedMs += 10) await clock.advance(10)
  say(`${count} partitions, 4 members: all at work after ${passedMs} ms, of which 1000 ms to settle`)
  expect(passedMs).toBeLessThanOrEqual(1_500)
  member()
  await clock.advance(3_000)
  const moves = begun.length - count
  say(`${count} partitions, a fifth member: ${moves} moves, at least ${Math.floor(count / 5)}`)
  expect(moves).toBe(Math.floor(count / 5))
})

test('through ten changes of members as many partitions move as have to', async () => {
  const { clock, begun, doubles, member } = groupWorld(60)
  const members = [member(), member(), member()]
  await clock.advance(3_000)
  let least = 60
  for (let change = 0; change < 10; change += 1) {
    if (change % 3 === 2) {
      const leaving = members.shift()
      least += leaving?.group.health().owned.length ?? 0
      leaving?.stop.abort()
    } else {
      members.push(member())
      least += Math.floor(60 / members.length)
    }
    await clock.advance(3_000)
    expect(members.reduce((sum, { group }) => sum + group.health().owned.length, 0)).toBe(60)
  }
  say(`60 partitions, 10 changes of members: ${begun.length - 60} moves, at least ${least - 60}`)
  expect(begun.length).toBe(least)
  expect(doubles).toEqual([])
})

test('fifty idle members cost their store at most forty calls a second', async () => {
  const { clock, member } = groupWorld(100)
  const { calls, change } = counter()
  for (let joined = 0; joined < 50; joined += 1) member({ ttl: '10s' }, { change })
  await clock.advance(30_000)
  calls.count = 0
  await clock.advance(60_000)
  say(`50 members, 100 partitions: ${(calls.count / 60).toFixed(1)} calls a second`)
  expect(calls.count / 60).toBeLessThanOrEqual(40)
})

test('a thousand idle partitions cost their owner at most two calls a second', async () => {
  const { clock, member } = groupWorld(1_000)
  const { calls, change } = counter()
  member({ ttl: '10s' }, { change })
  await clock.advance(30_000)
  calls.count = 0
  await clock.advance(60_000)
  say(`1 member, 1000 partitions: ${(calls.count / 60).toFixed(1)} calls a second`)
  expect(calls.count / 60).toBeLessThanOrEqual(2)
})
