/** Moving the scale of tokens of a file, up and down. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { StoreUnavailable, Unsupported } from '../../store/errors.ts'
import { holdfast } from '../../holdfast.ts'
import { memory } from '../memory/index.ts'
import { sqlite } from './index.ts'
import { claimOf, lockFile, opened, OtherProcess, refOf, tokenFrom, tokenOf } from './processes.fixture.ts'

const nowUs = (): bigint => BigInt(Date.now()) * 1000n
const DAY_US = 86_400_000_000n

/** As a grant under a wrong clock left it, before there was a roof. */
async function poisoned(): Promise<{ readonly path: string; readonly highest: bigint }> {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  await tokenFrom(store)
  await store.close()
  const highest = nowUs() + 2n * DAY_US
  const raw = new DatabaseSync(path)
  raw.prepare('UPDATE line SET token = ?').run(highest)
  raw.prepare('UPDATE file SET floor = ?, ceiling = ?').run(highest, highest + 600_000_000n)
  raw.close()
  return { path, highest }
}

test('lowered, the tokens of known and of new names come right behind the new base, and rise', async () => {
  const { path, highest } = await poisoned()
  const store = await opened(sqlite({ path }))
  expect(await store.rebase?.()).toEqual({ highest })
  const to = nowUs()
  expect(await store.rebase?.(to)).toEqual({ highest })
  const last = new Map<string, bigint>()
  for (const name of ['test!lock', 'test!another', 'test!lock']) {
    const token = await tokenFrom(store, name)
    expect(token).toBeGreaterThan(last.get(name) ?? to)
    expect(token - nowUs()).toBeLessThan(1_000_000n)
    last.set(name, token)
  }
  await store.close()
  const again = await opened(sqlite({ path }))
  expect(await tokenFrom(again)).toBeGreaterThan(last.get('test!lock') ?? to)
})

test('nothing is lowered while another process has the file open, or while somebody holds', async () => {
  const { path, highest } = await poisoned()
  const other = await OtherProcess.start(path)
  await other.look('test!lock')
  const claim = claimOf()
  const token = tokenOf(await other.enter(claim))
  const store = await opened(sqlite({ path }))
  await expect(store.rebase?.(nowUs())).rejects.toThrow(/is in use by other processes/)
  expect(await other.leave({ ...refOf(claim), token })).toBe('left')
  await expect(store.rebase?.(nowUs())).rejects.toThrow(StoreUnavailable)
  await other.kill()
  const mine = claimOf()
  const held = tokenOf(await store.enter(mine))
  await expect(store.rebase?.(nowUs())).rejects.toThrow(/when nobody holds or waits/)
  expect(await store.renew([{ ref: { ...refOf(mine), token: held }, ttlMs: 1_000 }])).toMatchObject([{ kind: 'held' }])
  await store.leave({ ...refOf(mine), token: held })
  await store.rebase?.(nowUs())
  expect(await tokenFrom(store)).toBeLessThan(highest)
})

test('raised, the next tokens of every name and process come behind the new base, and holders keep theirs', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const other = await OtherProcess.start(path)
  const [claim, theirs] = [claimOf(), claimOf({ resource: 'test!theirs' })]
  const token = tokenOf(await store.enter(claim))
  const before = tokenOf(await other.enter(theirs))
  const to = nowUs() + 3_600_000_000n
  const { highest } = (await store.rebase?.(to)) ?? { highest: 0n }
  expect(highest).toBe(token > before ? token : before)
  expect(await store.renew([{ ref: { ...refOf(claim), token }, ttlMs: 1_000 }])).toMatchObject([
    { kind: 'held', token },
  ])
  expect(await other.leave({ ...refOf(theirs), token: before })).toBe('left')
  expect(tokenOf(await other.enter(claimOf({ resource: 'test!theirs' })))).toBe(to + 1n)
  expect(tokenOf(await other.enter(claimOf({ resource: 'test!new' })))).toBe(to + 1n)
  await store.leave({ ...refOf(claim), token })
  expect(await tokenFrom(store)).toBe(to + 1n)
  expect(await store.rebase?.()).toEqual({ highest: to + 1n })
})

test('a client rebases its store, where the store can, and takes tokens for a base and nothing else', async () => {
  const { path, highest } = await poisoned()
  const locks = holdfast(sqlite({ path }))
  expect(await locks.rebase()).toEqual({ highest })
  await expect(locks.rebase(Date.now() as unknown as bigint)).rejects.toThrow(/must be a bigint/)
  await locks.rebase(nowUs())
  await locks.using('lock', (lease) => expect(lease.token).toBeLessThan(highest))
  await locks.close()
  const other = holdfast(memory())
  await expect(other.rebase()).rejects.toThrow(Unsupported)
  await other.close()
})
