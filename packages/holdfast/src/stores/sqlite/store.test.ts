/**
 * The store beyond what the conformance cases ask of every store.
 * @module-tag real-time
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../store/store.ts'
import { systemClock } from '../../time/clock.ts'
import { virtualClock } from '../../testing/index.ts'
import { never } from '../opened.fixture.ts'
import { sqlite } from './index.ts'
import { plainMachine, thisMachine } from './process-identity.ts'
import { claimOf, lockFile, opened, openedOnce, OtherProcess, refOf, tokenFrom, tokenOf } from './processes.fixture.ts'
import { sqliteStore } from './store.ts'

function plainStore(path: string): Store {
  return sqliteStore({
    path,
    makeFolder: false,
    durability: 'normal',
    trustedUsers: [],
    machine: () => plainMachine(process.platform),
  })
}

/** Counts the commits of others, by the file's own account. */
function commits(path: string): () => number {
  const database = new DatabaseSync(path, { readOnly: true })
  onTestFinished(() => database.close())
  const version = database.prepare('PRAGMA data_version')
  let [last, count] = [version.get()?.['data_version'], 0]
  return () => {
    const now = version.get()?.['data_version']
    if (now !== last) count += 1
    last = now
    return count
  }
}

test('a batch of renewals is one transaction: all of it, or a busy file and nothing', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const renewals = []
  for (let index = 0; index < 50; index += 1) {
    const claim = claimOf({ resource: `test!${index}`, ttlMs: 1_000 })
    renewals.push({
      ref: { ...refOf(claim), token: tokenOf(await store.enter(claim)) },
      ttlMs: 60_000,
      note: 'renewed',
    })
  }
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  await expect(store.renew(renewals)).rejects.toMatchObject({ code: 'NOT_APPLIED' })
  other.exec('ROLLBACK')
  other.close()
  expect((await store.look('test!49')).claims).toMatchObject([{ note: '' }])
  const answers = await store.renew(renewals)
  expect(answers).toHaveLength(50)
  for (const answer of answers) expect(answer).toMatchObject({ kind: 'held', lifeMs: expect.closeTo(60_000) })
})

test('fifty waiters of one line are renewed by writing it once', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const claims = Array.from({ length: 51 }, () => claimOf())
  for (const claim of claims) await store.enter(claim)
  const answers = await store.renew(claims.map((claim) => ({ ref: refOf(claim), ttlMs: 60_000 })))
  expect(answers.map((answer) => ('ahead' in answer ? answer.ahead : undefined))).toEqual([
    undefined,
    ...Array.from({ length: 50 }, (_, index) => index),
  ])
})

test('looking and listing write nothing', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const waiter = claimOf()
  await store.enter(claimOf({ ttlMs: 100 }))
  await store.enter(waiter)
  const count = commits(path)
  await store.look('test!lock')
  await store.look('test!nobody')
  await store.list('test!', undefined, 10)
  expect(await store.watch(refOf(claimOf()), never)).toEqual({ kind: 'gone' })
  expect(await store.watch(refOf(waiter), AbortSignal.timeout(1))).toEqual({ kind: 'hint' })
  expect(count()).toBe(0)
  await tokenFrom(store, 'test!counted')
  expect(count()).toBe(1)
})

test('a refused claim leaves no trace in the file', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  await store.enter(claimOf())
  const count = commits(path)
  expect(await store.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused' })
  expect(await store.leave(refOf(claimOf()))).toBe('gone')
  expect(count()).toBe(0)
})

test('closing ends every watch and takes the bell down', async () => {
  const path = lockFile()
  const store = await openedOnce(sqlite({ path }))
  const claim = claimOf()
  await store.enter(claim)
  const { version } = await store.look('test!x')
  const watch = store.watch(refOf(claim), never)
  const observed = store.observe('test!x', version, never)
  await new Promise(setImmediate)
  expect(readdirSync(`${path}.bells`)).toHaveLength(1)
  await store.close()
  expect(await watch).toEqual({ kind: 'hint' })
  expect(await observed).toBe(version)
  expect(readdirSync(`${path}.bells`)).toEqual([])
})

test.each([0, 1, 2, 3, 4, 5])(
  'closing %i turns after an observer came ends it, and the file is not opened again for it',
  async (turns) => {
    const path = lockFile()
    const store = await openedOnce(sqlite({ path }))
    const { version } = await store.look('test!x')
    const observed = store.observe('test!x', version, never).catch((error: { code: string }) => error.code)
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    await store.close()
    expect([version, 'STORE_UNAVAILABLE']).toContain(await observed)
    expect(existsSync(path) ? readdirSync(`${path}.bells`) : []).toEqual([])
  },
)

test('an ask that was not written before closing is refused, and grants nothing afterwards', async () => {
  const path = lockFile()
  const clock = virtualClock()
  const store = await openedOnce(sqlite({ path }), clock)
  const waiter = claimOf()
  await store.enter(claimOf({ ttlMs: 1_000 }))
  await store.enter(waiter)
  // The lock is free by now, which the next ask would write.
  await clock.advance(1_500)
  const asked = Promise.allSettled([store.enter(waiter)])
  await store.close()
  expect(await asked).toMatchObject([{ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } }])
  expect(readdirSync(`${path}.bells`)).toEqual([])
  const again = await opened(sqlite({ path }), clock)
  expect((await again.look('test!lock')).claims).toMatchObject([{ state: 'waiting' }])
})

test('a watch ends with a hint when its file was replaced: nothing it knew is certain any more', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const claim = claimOf()
  await store.enter(claim)
  const watch = store.watch(refOf(claim), never)
  for (const end of ['', '-wal', '-shm']) rmSync(path + end)
  await store.look('test!lock')
  expect((await watch).kind).toBe('hint')
})

test('an observer is answered before the line forgets it, and may come again', async () => {
  const path = lockFile()
  const clock = virtualClock()
  const store = await opened(sqlite({ path }), clock)
  const { version } = await store.look('test!lock')
  let seen: unknown
  void store.observe('test!lock', version, never).then((answer) => (seen = answer))
  await clock.advance(44_000)
  expect(seen).toBe(undefined)
  await clock.advance(2_000)
  expect(seen).toBe(version)
})

test('an observer in another process is told', async () => {
  const path = lockFile()
  const other = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  const { version } = await store.look('test!lock')
  const told = store.observe('test!lock', version, never)
  // Registered by now, so that its write does not meet the other's at the file.
  await new Promise(setImmediate)
  await other.enter(claimOf())
  const seen = await told
  expect(seen).not.toBe(version)
  expect((await store.look('test!lock')).version).toBe(seen)
})

test('a bell left behind by a killed process is removed when a store begins to use the file', async () => {
  const path = lockFile()
  const other = await OtherProcess.start(path)
  await other.enter(claimOf())
  expect(readdirSync(`${path}.bells`)).toHaveLength(1)
  await other.kill()
  const store = await opened(sqlite({ path }))
  await store.enter(claimOf())
  expect(readdirSync(`${path}.bells`)).toHaveLength(1)
  await store.close()
  expect(readdirSync(`${path}.bells`)).toEqual([])
})

test('with full durability every change is flushed, and locks work the same', async () => {
  const store = await opened(sqlite({ path: lockFile(), durability: 'full' }))
  expect(store.facts.reasons.join(' ')).toContain('Every change is flushed')
  expect(await tokenFrom(store)).toBeGreaterThan(0n)
})

test('without boot ids the wall clock judges, and the facts say so', async () => {
  const path = lockFile()
  const store = await opened(plainStore(path))
  const { facts } = store
  expect(facts.clock).toContain('wall clock')
  expect(facts.lockRisks.join(' ')).toContain('set forward')
  const claim = claimOf({ ttlMs: 60_000 })
  await store.enter(claim)
  const later = await opened(plainStore(path), { ...systemClock, wallMs: () => systemClock.wallMs() + 61_000 })
  expect(await later.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'held' })
})

test.runIf(process.platform === 'linux')('processes with and without boot ids do not share a file', async () => {
  const path = lockFile()
  await tokenFrom(await opened(sqlite({ path })))
  await expect((await opened(plainStore(path))).enter(claimOf())).rejects.toThrow(
    /can see restarts of the machine, and this one cannot/,
  )
  const other = lockFile()
  await tokenFrom(await opened(plainStore(other)))
  await expect((await opened(sqlite({ path: other }))).enter(claimOf())).rejects.toThrow(
    /cannot see restarts of the machine, and this one can/,
  )
})

test('a page of the list goes on where the one before ended, and shows lines in use only', async () => {
  const store = await opened(sqlite({ path: lockFile() }))
  for (const name of ['a:1', 'a:2', 'a:3', 'b:1']) await store.enter(claimOf({ resource: `test!${name}` }))
  await tokenFrom(store, 'test!a:0')
  const first = await store.list('test!a', undefined, 2)
  expect(first).toEqual({ resources: ['test!a:1', 'test!a:2'], cursor: 'test!a:2' })
  expect(await store.list('test!a', first.cursor, 2)).toEqual({ resources: ['test!a:3'] })
  expect(await store.list('test!a', undefined, 3)).toEqual({ resources: ['test!a:1', 'test!a:2', 'test!a:3'] })
})

test('the facts name the engine and its class, whatever machine this is', async () => {
  const { facts } = await opened(sqlite({ path: lockFile() }))
  expect(facts).toMatchObject({ safetyClass: 'durable', order: 'fifo', wakeUp: 'push', unsupported: {} })
  expect(facts.engine).toContain(`SQLite ${process.versions['sqlite']}`)
  expect(facts.clock).toContain(thisMachine().clock)
})
