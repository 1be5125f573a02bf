/** What a scrape reads: over HTTP, from a program whose locks are at work. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { METRICS } from '@holdfast/telemetry'
import { holdfast } from 'holdfast'
import { memory } from 'holdfast/memory'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { nameOf, register, type RegisterOptions } from './index.ts'

const SEAT = 'holdfast_namespace="default",holdfast_lock_label="seat:*",holdfast_lock_mode="exclusive"'

/** A program with an address for scrapes; resolves with what one of them reads. */
async function program(options: RegisterOptions = {}): Promise<() => Promise<string>> {
  const registry = new Registry()
  const stop = register({ registry, ...options })
  const server = createServer((_, answer) => {
    void registry.metrics().then((text) => answer.setHeader('content-type', registry.contentType).end(text))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    stop()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return async () => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
}

test('a scrape reads attempts, what is held, waits and holds, under the label of the lock', async () => {
  const scrape = await program()
  const locks = holdfast(memory())
  await locks.using('seat:4711', () => 'sold')
  const lease = await locks.acquire('seat:4712')
  expect(await locks.tryAcquire('seat:4712')).toBeNull()
  const read = await scrape()
  expect(read).toContain(`holdfast_lock_attempts_total{${SEAT},holdfast_outcome="acquired"} 2\n`)
  expect(read).toContain(`holdfast_lock_attempts_total{${SEAT},holdfast_outcome="busy"} 1\n`)
  expect(read).toContain(`holdfast_lock_held{${SEAT}} 1\n`)
  expect(read).toContain(`holdfast_lock_wait_duration_seconds_count{${SEAT},holdfast_outcome="acquired"} 2\n`)
  expect(read).toContain(`holdfast_lock_hold_duration_seconds_count{${SEAT},holdfast_outcome="released"} 1\n`)
  expect(read).toMatch(/holdfast_lock_wait_duration_seconds_bucket\{le="0\.001",/)
  expect(read).toContain(
    'holdfast_store_up{holdfast_namespace="default",holdfast_store_engine="memory of this process"} 1\n',
  )
  await lease.release()
  expect(await scrape()).toContain(`holdfast_lock_held{${SEAT}} 0\n`)
})

test('counters only rise from scrape to scrape, and what did not happen yet is 0', async () => {
  const scrape = await program()
  const locks = holdfast(memory())
  const acquired = async (): Promise<string | undefined> =>
    /holdfast_lock_attempts_total\{[^}]*="acquired"\} (\d+)/.exec(await scrape())?.[1]
  const seen: (string | undefined)[] = []
  for (let turn = 0; turn < 3; turn += 1) {
    await locks.using('seat:1', () => undefined)
    seen.push(await acquired(), await acquired())
  }
  expect(seen).toEqual(['1', '1', '2', '2', '3', '3'])
  expect(await scrape()).toContain(`holdfast_lock_lost_total{${SEAT},holdfast_cause="evicted"} 0\n`)
})

test('ten thousand locks are a scrape of less than 500 kB', async () => {
  const told: string[] = []
  const scrape = await program({ label: (name) => name, onTrouble: (words) => void told.push(words) })
  const locks = holdfast(memory())
  for (let index = 0; index < 10_000; index += 1) await locks.using(`name ${index}`, () => undefined)
  expect((await scrape()).length).toBeLessThan(500_000)
  expect(told).toHaveLength(1)
})

test('every metric is registered under the name that the convention gives it', async () => {
  const scrape = await program()
  await holdfast(memory()).using('seat:1', () => undefined)
  const read = await scrape()
  for (const metric of Object.values(METRICS)) {
    const type = metric.kind === 'histogram' || metric.kind === 'counter' ? metric.kind : 'gauge'
    expect(read).toContain(`# TYPE ${nameOf(metric)} ${type}\n`)
  }
  expect(nameOf(METRICS.wait)).toBe('holdfast_lock_wait_duration_seconds')
  expect(nameOf(METRICS.lost)).toBe('holdfast_lock_lost_total')
  expect(nameOf(METRICS.waiting)).toBe('holdfast_lock_waiting')
})

test('what was stopped has left the registry, so it can be registered again', async () => {
  const registry = new Registry()
  register({ registry })()
  expect(await registry.metrics()).toBe('\n')
  register({ registry })()
})
