/**
 * The examples of the recipes are run: each shows its damage without the recipe, and none with it.
 * @module-tag real-time
 */
import { expect, test } from 'vitest'
import { run } from '../support/run.ts'

const SLOW_MS = 30_000
const example = (path: string, way: 'with' | 'without') =>
  run(process.execPath, ['--import', './scripts/from-source.mjs', `examples/recipes/src/${path}.ts`, way])

test('a leader that was paused writes behind its successor with a lease in a table', { timeout: SLOW_MS }, async () => {
  const { output } = await example('election/main', 'without')
  expect(output).toMatch(/^without an election and a guard: 5 paused leaders, 5 stale lines, 0 refused$/m)
})

test('a lock that is free when the run is over runs a tick on each machine', { timeout: SLOW_MS }, async () => {
  expect((await example('cron/main', 'without')).output).toMatch(/^without oncePerTick: 5 ticks, (?:[6-9]|10) runs$/m)
})

test('a tick that is listed is run once', { timeout: SLOW_MS }, async () => {
  expect((await example('cron/main', 'with')).output).toMatch(/^with oncePerTick: 5 ticks, 5 runs$/m)
})

test('a cache alone lets each process compute what it has not', { timeout: SLOW_MS }, async () => {
  const { output } = await example('single-flight/main', 'without')
  expect(output).toMatch(/^without singleFlight: 10 processes, 10 computations$/m)
})

test('a value is computed by one process of ten', { timeout: SLOW_MS }, async () => {
  expect((await example('single-flight/main', 'with')).output).toMatch(
    /^with singleFlight: 10 processes, 1 computation$/m,
  )
})

test('a counter modulo the places gives a number twice', { timeout: SLOW_MS }, async () => {
  const { output } = await example('slots/main', 'without')
  expect(output).toMatch(/^without slots: 12 workers, 8 with a number that another one had$/m)
})

test('a place is held by one worker at a time', { timeout: SLOW_MS }, async () => {
  const { output } = await example('slots/main', 'with')
  expect(output).toMatch(/^with slots: 12 workers, 0 with a number that another one had$/m)
})

test('a look before a charge charges for each delivery', { timeout: SLOW_MS }, async () => {
  expect((await example('once/main', 'without')).output).toMatch(/^without once: 20 deliveries, 20 charges$/m)
})

test('a key that is done once is charged once', { timeout: SLOW_MS }, async () => {
  expect((await example('once/main', 'with')).output).toMatch(/^with once: 20 deliveries, 1 charge$/m)
})

test('a leader that was paused writes nothing stale with an election and a guard', { timeout: SLOW_MS }, async () => {
  const { output } = await example('election/main', 'with')
  expect(output).toMatch(/^with an election and a guard: 5 paused leaders, 0 stale lines, \d+ refused$/m)
})

test('a fixed window lets twice the limit through at its edge', { timeout: SLOW_MS }, async () => {
  expect((await example('rate-limit/main', 'without')).output).toMatch(/^without rateLimit: .* pass, 8 did$/m)
})

test('a rate limit lets no more than the limit through in any span', { timeout: SLOW_MS }, async () => {
  expect((await example('rate-limit/main', 'with')).output).toMatch(/^with rateLimit: .* pass, 4 did$/m)
})

test(
  'members that share by the remainder of a number lose what a paused one overwrites',
  { timeout: SLOW_MS },
  async () => {
    const { output } = await example('partitions/main', 'without')
    expect(output).toMatch(/^without partitions and a guard: 2 paused members, [1-9]\d* lost updates, 0 refused$/m)
  },
)

test('a member that was paused overwrites nothing with partitions and a guard', { timeout: SLOW_MS }, async () => {
  const { output } = await example('partitions/main', 'with')
  expect(output).toMatch(/^with partitions and a guard: 2 paused members, 0 lost updates, [1-9]\d* refused$/m)
})

test('what is released and taken again lets others come between', { timeout: SLOW_MS }, async () => {
  const { output } = await example('hand-over/main', 'without')
  expect(output).toMatch(/^without handOver: 5 pipelines, [1-5] with another one between their jobs$/m)
})

test('what is handed over is never free in between', { timeout: SLOW_MS }, async () => {
  const { output } = await example('hand-over/main', 'with')
  expect(output).toMatch(/^with handOver: 5 pipelines, 0 with another one between their jobs$/m)
})

test('a table of heartbeats is as wrong as the clock it is read with', { timeout: SLOW_MS }, async () => {
  expect((await example('members/main', 'without')).output).toMatch(/^without members: .* says none$/m)
})

test('a list of members is right whatever the clocks of machines show', { timeout: SLOW_MS }, async () => {
  expect((await example('members/main', 'with')).output).toMatch(/^with members: .* says one and two$/m)
})
