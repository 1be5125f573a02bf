/** Tokens rise over everything that can happen to a file and a machine. */
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Clock, systemClock } from '../../time/clock.ts'
import type { OpenStore, Store } from '../../store/store.ts'
import { sqlite } from './index.ts'
import { plainMachine } from './process-identity.ts'
import {
  claimOf,
  clockAfterBoot,
  clockOff,
  lockFile,
  opened,
  openedOnce,
  OtherProcess,
  refOf,
  storeUnder,
  tokenFrom,
  tokenOf,
} from './processes.fixture.ts'
import { sqliteStore } from './store.ts'

const HOUR_MS = 3_600_000

async function used<T>(store: Store, clock: Clock, work: (store: OpenStore) => Promise<T>): Promise<T> {
  const open = await openedOnce(store, clock)
  try {
    return await work(open)
  } finally {
    await open.close()
  }
}

test('tokens rise when the process that gave the last one was killed', async () => {
  const path = lockFile()
  const other = await OtherProcess.start(path)
  const before = tokenOf(await other.enter(claimOf()))
  await other.kill()
  const store = await opened(sqlite({ path }), clockOff(-HOUR_MS))
  expect(await tokenFrom(store)).toBeGreaterThan(before)
})

test('tokens rise when all processes end, the machine starts again and its clock went back', async () => {
  const path = lockFile()
  const before = await used(storeUnder(path, 'first'), systemClock, tokenFrom)
  const after = await used(storeUnder(path, 'second'), clockAfterBoot(-HOUR_MS), tokenFrom)
  expect(after).toBeGreaterThan(before)
  expect(await used(storeUnder(path, 'third'), clockAfterBoot(-2 * HOUR_MS), tokenFrom)).toBeGreaterThan(after)
})

test('tokens rise when a power cut undid the last commits and the clock went back', async () => {
  const path = lockFile()
  const before = await used(storeUnder(path, 'before-the-cut'), systemClock, async (store) => {
    await tokenFrom(store)
    const saved = ['', '-wal'].filter((end) => existsSync(path + end))
    for (const end of saved) copyFileSync(path + end, `${path}.disk${end}`)
    // From here on nothing reaches the disk.
    return [await tokenFrom(store), await tokenFrom(store, 'test!never seen again')]
  })
  rmSync(`${path}-wal`, { force: true })
  for (const end of ['', '-wal']) if (existsSync(`${path}.disk${end}`)) copyFileSync(`${path}.disk${end}`, path + end)
  await used(storeUnder(path, 'after-the-cut'), clockAfterBoot(-HOUR_MS), async (store) => {
    expect(await tokenFrom(store)).toBeGreaterThan(before[0] ?? 0n)
    expect(await tokenFrom(store, 'test!never seen again')).toBeGreaterThan(before[1] ?? 0n)
  })
})

test('no token is committed above the ceiling that the file names', async () => {
  const path = lockFile()
  let passedMs = 0
  const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + passedMs }
  const store = await opened(sqlite({ path }), clock)
  await store.leave(refOf(claimOf()))
  const audit = new DatabaseSync(path)
  onTestFinished(() => audit.close())
  audit.exec('CREATE TABLE audit (token INTEGER)')
  for (const event of ['INSERT', 'UPDATE']) {
    audit.exec(
      `CREATE TRIGGER audit_${event} AFTER ${event} ON line WHEN new.token > (SELECT ceiling FROM file)
       BEGIN INSERT INTO audit VALUES (new.token); END`,
    )
  }
  for (const stepMs of [0, 60_000, 4 * 60_000, 6 * 60_000, HOUR_MS, -2 * HOUR_MS, 3 * HOUR_MS]) {
    passedMs += stepMs
    expect(await tokenFrom(store)).toBeGreaterThan(0n)
  }
  expect(audit.prepare('SELECT * FROM audit').all()).toEqual([])
})

test('tokens rise when the file was deleted while nobody used it, as the clock does', async () => {
  const path = lockFile()
  const before = await used(sqlite({ path }), systemClock, tokenFrom)
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
  expect(await used(sqlite({ path }), systemClock, tokenFrom)).toBeGreaterThan(before)
})

test('a file that is deleted under an open store is made anew, without its claims and with higher tokens', async () => {
  const path = lockFile()
  let wentBackMs = 0
  const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() - wentBackMs }
  const store = await opened(sqlite({ path }), clock)
  const claim = claimOf()
  const token = tokenOf(await store.enter(claim))
  for (const end of ['', '-wal', '-shm']) rmSync(path + end)
  wentBackMs = HOUR_MS
  expect(await store.renew([{ ref: { ...refOf(claim), token }, ttlMs: 1_000 }])).toMatchObject([{ kind: 'gone' }])
  expect(existsSync(path)).toBe(true)
  expect(tokenOf(await store.enter(claimOf()))).toBeGreaterThan(token)
  expect(await tokenFrom(store, 'test!another')).toBeGreaterThan(token)
})

test('two stores whose file was deleted meet in the new one', async () => {
  const path = lockFile()
  const [one, two] = [await opened(sqlite({ path })), await opened(sqlite({ path }))]
  await one.enter(claimOf())
  for (const end of ['', '-wal', '-shm']) rmSync(path + end)
  const token = tokenOf(await two.enter(claimOf()))
  expect(await one.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
  expect((await one.look('test!lock')).lastToken).toBe(token)
})

test('tokens rise when a file is replaced by an older copy of itself under an open store', async () => {
  const path = lockFile()
  await used(sqlite({ path }), clockOff(-HOUR_MS), tokenFrom)
  copyFileSync(path, `${path}.backup`)
  const store = await opened(sqlite({ path }))
  const token = await tokenFrom(store)
  for (const end of ['', '-wal', '-shm']) rmSync(path + end)
  copyFileSync(`${path}.backup`, path)
  expect(await tokenFrom(store)).toBeGreaterThan(token)
})

test('tokens beyond 2^53 are exact, and the last one there is ends in a clear refusal', async () => {
  const path = lockFile()
  await used(sqlite({ path }), systemClock, tokenFrom)
  const raw = new DatabaseSync(path)
  for (const last of [2n ** 53n + 1n, 2n ** 63n - 2n]) {
    raw.prepare('UPDATE line SET token = ?').run(last)
    await used(sqlite({ path }), systemClock, async (store) => expect(await tokenFrom(store)).toBe(last + 1n))
  }
  raw.close()
  await used(sqlite({ path }), systemClock, async (store) => {
    await expect(store.enter(claimOf())).rejects.toThrow(/the last token there is/)
    expect((await store.look('test!lock')).claims).toEqual([])
  })
})

describe('a wall clock that is two days ahead for a while', () => {
  const [HOUR_US, DAY_US] = [BigInt(HOUR_MS) * 1000n, BigInt(24 * HOUR_MS) * 1000n]
  // The wall clock is read in whole milliseconds, and moves a little against the other one.
  const ROOF_US = HOUR_US + 1_000_000n
  const ahead = clockOff(48 * HOUR_MS)
  const aheadOfNow = (token: bigint): bigint => token - BigInt(Date.now()) * 1000n

  test('takes the tokens of no name along by more than an hour, although a process was started under it', async () => {
    const path = lockFile()
    await used(sqlite({ path }), systemClock, tokenFrom)
    const wrong = await used(sqlite({ path }), ahead, tokenFrom)
    expect(aheadOfNow(wrong)).toBeLessThan(ROOF_US)
    const after = await used(sqlite({ path }), systemClock, async (store) => [
      await tokenFrom(store),
      await tokenFrom(store, 'test!never used before'),
    ])
    expect(after[0]).toBeGreaterThan(wrong)
    for (const token of after) expect(aheadOfNow(token)).toBeLessThan(ROOF_US)
    expect(aheadOfNow(after[1] ?? 0n)).toBeLessThan(HOUR_US / 60n)
  })

  test('takes none along in a process that was there before, or over the next restart of the machine', async () => {
    const path = lockFile()
    let offMs = 0
    const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + offMs }
    await used(storeUnder(path, 'first'), clock, async (store) => {
      await tokenFrom(store)
      offMs = 48 * HOUR_MS
      for (let grants = 0; grants < 20; grants += 1) {
        expect(aheadOfNow(await tokenFrom(store))).toBeLessThan(2n * HOUR_US)
      }
      offMs = 0
    })
    const rebooted = await used(storeUnder(path, 'second'), clockAfterBoot(), async (store) => {
      return [await tokenFrom(store), await tokenFrom(store, 'test!another')]
    })
    for (const token of rebooted) expect(aheadOfNow(token)).toBeLessThan(2n * HOUR_US)
  })

  test('is measured by each process on a system that has no clock beside it', async () => {
    const path = lockFile()
    let offMs = 0
    const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + offMs }
    const store = sqliteStore({
      path,
      makeFolder: false,
      durability: 'normal',
      trustedUsers: [],
      machine: () => plainMachine('linux'),
    })
    await used(store, clock, async (open) => {
      await tokenFrom(open)
      offMs = 48 * HOUR_MS
      expect(aheadOfNow(await tokenFrom(open))).toBeLessThan(ROOF_US)
    })
  })

  test('that was right before is right again after a restart: tokens follow it over the days in between', async () => {
    const path = lockFile()
    await used(storeUnder(path, 'first'), clockAfterBoot(-96 * HOUR_MS), tokenFrom)
    const token = await used(storeUnder(path, 'second'), clockAfterBoot(), tokenFrom)
    expect(aheadOfNow(token)).toBeGreaterThan(-DAY_US)
  })
})
