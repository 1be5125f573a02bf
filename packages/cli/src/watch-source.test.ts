/**
 * What `holdfast watch` hears of from its store and what it has to look for, over locks in this process.
 * @module-tag real-time
 */
import { holdfast, type Locks } from 'holdfast'
import { memory, memoryEngine } from 'holdfast/memory'
import { aroundStore } from 'holdfast/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from './fixture.ts'
import { type SourceOptions, ViewSource } from './watch-source.ts'

let engine = memoryEngine()
/** The clients of one engine, closed after each test. */
let clients: Locks[] = []
/** Observations of the store that have not ended. */
let pending = 0
beforeEach(() => {
  engine = memoryEngine()
  clients = []
  pending = 0
})
afterEach(() => Promise.all(clients.map((locks) => locks.close())))

function client(): Locks {
  const counted = aroundStore(memory(engine), (open) => ({
    async observe(resource, seen, signal) {
      pending += 1
      return await open.observe(resource, seen, signal).finally(() => (pending -= 1))
    },
  }))
  const locks = holdfast(counted)
  clients.push(locks)
  return locks
}

function sourceOf(options: Partial<SourceOptions> = {}): ViewSource {
  const onChange = (): void => undefined
  return new ViewSource(client(), { prefix: '', observersMax: 100, followsRenewals: false, onChange, ...options })
}

const notes = ({ view }: ViewSource): readonly string[] =>
  view.lines.map(({ name, line }) => `${name} ${line.claims.map(({ note }) => note).join()}`)

test('a change of a shown lock is told without another look, also when the lock becomes free and is taken again', async () => {
  const locks = client()
  const lease = await locks.acquire('seat', { note: 'one' })
  const told: (readonly string[])[] = []
  const source = sourceOf({ onChange: () => told.push(notes(source)) })
  await source.refresh(10)
  expect(notes(source)).toEqual(['seat one'])
  await until('the store is asked to tell', () => pending === 1)
  lease.setNote('two')
  await until('the note is told', () => told.length === 1)
  await lease.release()
  await until('the end is told', () => told.length === 2)
  expect(source.view.listed).toEqual(new Set())
  await locks.acquire('seat', { note: 'three' })
  await until('the next holder is told', () => told.length === 3)
  expect(told).toEqual([['seat two'], [], ['seat three']])
  expect(source.view.listed).toEqual(new Set(['seat']))
})

test('names beyond the limit of observers are looked at, and counted', async () => {
  const locks = client()
  const leases = await Promise.all(['a', 'b', 'c'].map((name) => locks.acquire(name, { note: 'one' })))
  const source = sourceOf({ observersMax: 2 })
  await source.refresh(10)
  expect([source.observers, source.view.polled]).toEqual([2, 1])
  await leases[2]?.release()
  await locks.acquire('c', { note: 'three' })
  expect(notes(source)).toEqual(['a one', 'b one', 'c one'])
  await source.refresh(10)
  expect(notes(source)).toEqual(['a one', 'b one', 'c three'])
  // A place that becomes free is given to the next one.
  await leases[0]?.release()
  await until('the end is told', () => source.view.lines.length === 2)
  await source.refresh(10)
  expect([source.observers, source.view.polled]).toEqual([2, 0])
})

test('without observers every line is looked at, and all of them are counted', async () => {
  await client().acquire('a')
  const source = sourceOf({ observersMax: 0 })
  await source.refresh(10)
  expect([source.observers, source.view.polled, pending]).toEqual([0, 1, 0])
})

test('names that are not shown any more are not observed any more, and closing ends every observer', async () => {
  const locks = client()
  for (const name of ['a', 'b', 'c']) await locks.acquire(name)
  const source = sourceOf()
  await source.refresh(10)
  await until('all are observed', () => pending === 3)
  await source.refresh(1)
  await until('two of them are not', () => pending === 1)
  expect(notes(source)).toEqual(['a '])
  source.close()
  await until('none is', () => pending === 0)
  await source.refresh(10)
  expect([source.observers, pending]).toEqual([0, 0])
})

test('what is left of a lease counts down, and renewals are asked for when half of it is over', async () => {
  await client().acquire('seat', { ttl: '600ms' })
  const source = sourceOf({ followsRenewals: true })
  await source.refresh(10)
  const endsInMs = (): number => source.view.lines[0]?.line.claims[0]?.endsInMs ?? -1
  await until('half of it is over', () => endsInMs() < 300)
  await source.refresh(10)
  expect(endsInMs()).toBeGreaterThan(300)
})

test('a filter counts before the limit, and the lock that is open is shown whatever the filter says', async () => {
  const locks = client()
  for (const name of ['a:1', 'a:2', 'b:1', 'b:2']) await locks.acquire(name, { note: name })
  const source = sourceOf()
  const isWanted = (name: string): boolean => name.startsWith('b')
  await source.refresh(1, { matches: isWanted })
  expect(notes(source)).toEqual(['b:1 b:1'])
  expect(source.view).toMatchObject({ wanted: 2, listed: new Set(['a:1', 'a:2', 'b:1', 'b:2']) })
  await source.refresh(1, { matches: isWanted, opened: 'a:2' })
  expect(notes(source)).toEqual(['a:2 a:2', 'b:1 b:1'])
  await source.refresh(10)
  expect(source.view).toMatchObject({ wanted: 4 })
  source.close()
})
