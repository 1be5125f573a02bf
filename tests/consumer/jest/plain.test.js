/** What a CommonJS program writes, under Jest without a setting. */
const { holdfast, LeaseLost, HoldfastError, Misuse } = require('holdfast')
const { memory } = require('holdfast/memory')
const { sqlite } = require('holdfast/sqlite')
const { virtualClock } = require('holdfast/testing')
const Redlock = require('holdfast/from-redlock')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

test('a lock in memory', async () => {
  const locks = holdfast(memory())
  expect(await locks.using('seat:14A', (lease) => typeof lease.token)).toBe('bigint')
  await locks.close()
})

test('a lock in a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-jest-'))
  const locks = holdfast(sqlite({ path: join(folder, 'locks.db') }))
  const lease = await locks.acquire('seat:14A')
  expect(await lease.release()).toBe('released')
  await locks.close()
  rmSync(folder, { recursive: true })
})

test('a clock of its own', async () => {
  const clock = virtualClock()
  const locks = holdfast(memory(), { clock, ttl: '1s' })
  const lease = await locks.acquire('seat:14A')
  await clock.advance(10_000)
  expect(lease.isHeld()).toBe(true)
  await locks.close()
})

test('what took the place of redlock, as redlock is required', () => {
  expect(Redlock.default).toBe(Redlock.Redlock)
})

test('a second copy, after jest.resetModules, is one with the first', async () => {
  const store = memory()
  const locks = holdfast(store)
  jest.resetModules()
  const copy = require('holdfast')
  expect(copy.LeaseLost).not.toBe(LeaseLost)
  expect(new copy.LeaseLost('gone')).toBeInstanceOf(LeaseLost)
  expect(new copy.LeaseLost('gone')).toBeInstanceOf(HoldfastError)
  expect(new copy.LeaseLost('gone')).not.toBeInstanceOf(Misuse)
  expect(() => copy.holdfast(store)).toThrow(Misuse)
  await locks.close()
})
