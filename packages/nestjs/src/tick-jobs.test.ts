/**
 * Jobs of a schedule and readiness, in applications of Nest.
 *
 * @module-tag real-time
 */
import 'reflect-metadata'
import { type INestApplication, Injectable, Scope } from '@nestjs/common'
import { holdfast, type Locks } from 'holdfast'
import type { CronRun } from 'holdfast/cron'
import { memory, memoryEngine } from 'holdfast/memory'
import { unreliable, virtualClock } from 'holdfast/testing'
import { afterEach, expect, test } from 'vitest'
import { applicationOf, decorate } from './application.fixture.ts'
import { HoldfastHealthIndicator, HoldfastModule, locksToken, OncePerTick } from './index.ts'

let applications: INestApplication[] = []
afterEach(async () => {
  await Promise.all(applications.splice(0).map((each) => each.close()))
  applications = []
})

const ticks: string[] = []
class Reports {
  async everySecond({ tick }: { readonly tick: Date }): Promise<void> {
    ticks.push(tick.toISOString())
  }
}
decorate(Reports, {
  everySecond: { method: [OncePerTick({ schedule: '* * * * * *', atMostFor: '1s', ttl: '300ms' })] },
})
Injectable()(Reports)

test('each tick of a method with @OncePerTick runs on one of three instances', async () => {
  const engine = memoryEngine()
  for (let instance = 0; instance < 3; instance += 1) {
    const application = await applicationOf({
      imports: [HoldfastModule.forRoot({ store: memory(engine) })],
      providers: [Reports],
    })
    applications.push(application)
    await application.init()
  }
  await expect.poll(() => ticks.length, { timeout: 15_000 }).toBeGreaterThan(2)
  await Promise.all(applications.splice(0).map((each) => each.close()))
  expect(new Set(ticks).size).toBe(ticks.length)
  const after = ticks.length
  await expect.poll(() => Date.now() % 1_000).toBeLessThan(200)
  expect(ticks.length).toBe(after)
})

test('a run that goes on when an application closes keeps its lock until it has ended', async () => {
  const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const states: boolean[] = []
  class Slow {
    async run(run: CronRun): Promise<void> {
      begun.resolve()
      await go.promise
      states.push(run.isHeld())
    }
  }
  decorate(Slow, { run: { method: [OncePerTick({ schedule: '* * * * * *', atMostFor: '1m', ttl: '300ms' })] } })
  Injectable()(Slow)
  const application = await applicationOf({ imports: [HoldfastModule.forRoot({ store: memory() })], providers: [Slow] })
  await application.init()
  await begun.promise
  const closed = application.close()
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate)
  go.resolve()
  await closed
  expect(states).toEqual([true])
})

test('a job of a class that is made for each request is refused when the application starts', async () => {
  class Each {
    async run(): Promise<void> {}
  }
  decorate(Each, { run: { method: [OncePerTick({ schedule: '0 3 * * *', atMostFor: '1h' })] } })
  Injectable({ scope: Scope.REQUEST })(Each)
  const application = await applicationOf({ imports: [HoldfastModule.forRoot({ store: memory() })], providers: [Each] })
  applications.push(application)
  await expect(application.init()).rejects.toThrow('Each.run cannot be a job')
})

test('readiness is of the store that opened, of leases that renew and of locks that are not closed', async () => {
  const application = await applicationOf({ imports: [HoldfastModule.forRoot({ store: memory() })] })
  applications.push(application)
  await application.init()
  const health = application.get(HoldfastHealthIndicator)
  const locks = application.get<Locks>(locksToken())
  const lease = await locks.acquire('seat')
  expect(await health.check()).toEqual({ locks: { status: 'up', leases: 1, inJeopardy: 0, waiting: 0 } })
  await lease.release()
  await application.close()
  expect(await health.check('store')).toMatchObject({ store: { status: 'down', reason: 'the locks were closed' } })
})

test('readiness ends while a lease cannot be renewed, and comes back with it', async () => {
  const clock = virtualClock()
  const store = unreliable(memory(), () => undefined)
  const locks = holdfast(store, { clock, ttl: '1m' })
  const health = new HoldfastHealthIndicator(locks, '1ms')
  await locks.acquire('seat')
  store.freeze()
  await clock.advance(30_000)
  expect(locks.health().inJeopardy).toBe(1)
  await expect.poll(async () => (await health.check())['locks']?.status).toBe('down')
  store.thaw()
  await clock.advance(20_000)
  expect((await health.check())['locks']).toMatchObject({ status: 'up', inJeopardy: 0 })
  await locks.close()
})
