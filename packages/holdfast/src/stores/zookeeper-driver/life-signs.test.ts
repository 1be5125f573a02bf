/** When a session was surely heard of by the leader, by which pings were answered. */
import { expect, test } from 'vitest'
import { LifeSigns } from './life-signs.ts'

const at = (ms: number) => ({ monotonicMs: ms, wallMs: ms })

test('the newest answered ping counts only once another one was answered that was sent later by the lag', () => {
  const life = new LifeSigns(at(0))
  for (const ms of [100, 200, 300]) life.answered(at(ms))
  expect(life.knownToLeader(1_000)).toEqual(at(0))
  life.answered(at(1_250))
  expect(life.knownToLeader(1_000)).toEqual(at(200))
  expect(life.knownToLeader(950)).toEqual(at(300))
  expect(life.newest).toEqual(at(1_250))
})

test('pings that are further apart than the lag are not believed for longer than those that are dense', () => {
  const life = new LifeSigns(at(0))
  life.answered(at(4_000))
  expect(life.knownToLeader(2_250)).toEqual(at(0))
  life.answered(at(8_000))
  expect(life.knownToLeader(2_250)).toEqual(at(4_000))
})

test('a connect that the leader confirmed counts at once, and an older one takes nothing back', () => {
  const life = new LifeSigns(at(0))
  life.confirmed(at(500))
  life.confirmed(at(400))
  expect(life.knownToLeader(1_000)).toEqual(at(500))
})

test('more pings than any lag needs are not kept', () => {
  const life = new LifeSigns(at(0))
  for (let ms = 1; ms <= 5_000; ms += 1) life.answered(at(ms))
  expect(life.knownToLeader(900)).toEqual(at(4_100))
  expect(life.knownToLeader(900)).toEqual(at(4_100))
})

test('what was proven stays proven, although nothing is answered any more', () => {
  const life = new LifeSigns(at(0))
  for (const ms of [1_000, 2_000, 3_000]) life.answered(at(ms))
  expect(life.knownToLeader(1_000)).toEqual(at(2_000))
  expect(life.knownToLeader(5_000)).toEqual(at(2_000))
  life.confirmed(at(4_000))
  expect([life.newest, life.knownToLeader(1_000)]).toEqual([at(4_000), at(4_000)])
})
