/** The store beyond what the conformance cases ask of every store. */
import { readdirSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../time/clock.ts'
import { virtualClock } from '../../testing/index.ts'
import { sqlite } from './index.ts'
import { plainMachine, thisMachine } from './process-identity.ts'
import { claimOf, lockFile, open, opened, OtherProcess, refOf, tokenFrom, tokenOf } from './processes.fixture.ts'
import { SqliteStore } from './store.ts'

function plainStore(path: string): SqliteStore {
  return new SqliteStore({
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
  for (const answer of answers) expect(answer).toMatchObject({ kind: 'held', lifeMs: 60_000 })
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
  const claim = claimOf({ ttlMs: 100 })
  await store.enter(claim)
  await store.enter(claimOf())
  const count = commits(path)
  await store.look('test!lock')
  await store.look('test!nobody')
  await store.admin.list('test!', undefined, 10)
  await store.watch(refOf(claim), 'gone', AbortSignal.timeout(1))
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

test('closing ends every watch with a hint and takes the bell down', async () => {
  const path = lockFile()
  const store = sqlite({ path })
  await open(store)
  const claim = claimOf()
  await store.enter(claim)
  const { signal } = new AbortController()
  const watches = [
    store.watch(refOf(claim), 'held', signal),
    store.watch({ resource: 'test!x' }, (await store.look('test!x')).memo, signal),
  ]
  expect(readdirSync(`${path}.bells`)).toHaveLength(1)
  await store.close()
  for (const watch of watches) expect((await watch).kind).toBe('hint')
  expect(readdirSync(`${path}.bells`)).toEqual([])
})

test('a watch ends with a hint when its file was replaced: nothing it knew is certain any more', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const claim = claimOf()
  const { memo } = (await store.enter(claim)) as { memo: string }
  const watch = store.watch(refOf(claim), memo, new AbortController().signal)
  for (const end of ['', '-wal', '-shm']) rmSync(path + end)
  await store.look('test!lock')
  expect((await watch).kind).toBe('hint')
})

test('an observer is asked to come again before the line forgets him', async () => {
  const path = lockFile()
  const clock = virtualClock()
  const store = await opened(sqlite({ path }), clock)
  const { memo } = await store.look('test!lock')
  let seen: unknown
  void store.watch({ resource: 'test!lock' }, memo, new AbortController().signal).then((hint) => (seen = hint))
  await clock.advance(44_000)
  expect(seen).toBe(undefined)
  await clock.advance(2_000)
  expect(seen).toEqual({ kind: 'hint', memo })
})

test('an observer in another process is told', async () => {
  const path = lockFile()
  const other = await OtherProcess.start(path)
  const store = await opened(sqlite({ path }))
  const { memo } = await store.look('test!lock')
  const told = store.watch({ resource: 'test!lock' }, memo, new AbortController().signal)
  await other.enter(claimOf())
  expect((await told).kind).toBe('hint')
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
  const store = sqlite({ path: lockFile(), durability: 'full' })
  const facts = await open(store)
  onTestFinished(() => store.close())
  expect(facts.reasons.join(' ')).toContain('Every change is flushed')
  expect(await tokenFrom(store)).toBeGreaterThan(0n)
})

test('without boot ids the wall clock judges, and the facts say so', async () => {
  const path = lockFile()
  const store = plainStore(path)
  const facts = await open(store)
  onTestFinished(() => store.close())
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
  const first = await store.admin.list('test!a', undefined, 2)
  expect(first).toEqual({ resources: ['test!a:1', 'test!a:2'], cursor: 'test!a:2' })
  expect(await store.admin.list('test!a', first.cursor, 2)).toEqual({ resources: ['test!a:3'] })
  expect(await store.admin.list('test!a', undefined, 3)).toEqual({ resources: ['test!a:1', 'test!a:2', 'test!a:3'] })
})

test('the facts name the engine and its class, whatever machine this is', async () => {
  const store = sqlite({ path: lockFile() })
  onTestFinished(() => store.close())
  const facts = await open(store)
  expect(facts).toMatchObject({ safetyClass: 'durable', order: 'fifo', wakeUp: 'push', unsupported: {} })
  expect(facts.engine).toContain(`SQLite ${process.versions['sqlite']}`)
  expect(facts.clock).toContain(thisMachine().clock)
})
