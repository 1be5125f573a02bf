/**
 * Methods with `@Cron` of the real @nestjs/schedule, whose timers fire on every instance.
 *
 * @module-tag real-time
 */
import 'reflect-metadata'
import { type INestApplication, Injectable, type Type } from '@nestjs/common'
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule'
import type { CronRun } from 'holdfast/cron'
import { memory, memoryEngine } from 'holdfast/memory'
import { afterEach, describe, expect, test } from 'vitest'
import { applicationOf, decorate } from './application.fixture.ts'
import { HoldfastModule, OncePerTick } from './index.ts'

const EACH_SECOND = '* * * * * *'
const UTC = { name: 'report', timeZone: 'UTC' } as const
const SHORT = { atMostFor: '1s', ttl: '300ms' } as const

const applications: INestApplication[] = []
afterEach(async () => {
  await Promise.all(applications.splice(0).map((each) => each.close()))
})

async function applicationWith(type: Type<unknown>, engine = memoryEngine()): Promise<INestApplication> {
  const imports = [ScheduleModule.forRoot(), HoldfastModule.forRoot({ store: memory(engine) })]
  const application = await applicationOf({ imports, providers: [type] })
  applications.push(application)
  await application.init()
  return application
}

function jobClass(
  decorators: Parameters<typeof decorate>[1][string]['method'],
  run: (run: CronRun) => unknown,
): Type<unknown> {
  class Reports {
    async send(current: CronRun): Promise<void> {
      await run(current)
    }
  }
  decorate(Reports, { send: { method: decorators } })
  Injectable()(Reports)
  return Reports
}

describe.each([
  ['above', [OncePerTick(SHORT), Cron(EACH_SECOND, UTC)]],
  ['below', [Cron(EACH_SECOND, UTC), OncePerTick(SHORT)]],
] as const)('a method with @OncePerTick %s @Cron', (_, decorators) => {
  test('runs each tick on one of three instances, and is in the registry of each', async () => {
    const ticks: string[] = []
    const engine = memoryEngine()
    const type = jobClass(decorators, ({ tick }) => ticks.push(tick.toISOString()))
    for (let instance = 0; instance < 3; instance += 1) await applicationWith(type, engine)
    const registries = applications.map((each) => each.get(SchedulerRegistry, { strict: false }))
    expect(registries.map((each) => [...each.getCronJobs().keys()])).toEqual(registries.map(() => ['report']))
    await expect.poll(() => ticks.length, { timeout: 15_000 }).toBeGreaterThan(1)
    expect(new Set(ticks).size).toBe(ticks.length)
  })
})

test('a run that goes on when an application closes keeps its lock until it has ended', async () => {
  const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const held: boolean[] = []
  const application = await applicationWith(
    jobClass([Cron(EACH_SECOND, UTC), OncePerTick({ ...SHORT, atMostFor: '1m' })], async (run) => {
      begun.resolve()
      await go.promise
      held.push(run.isHeld())
    }),
  )
  await begun.promise
  const closed = application.close()
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate)
  go.resolve()
  await closed
  expect(held).toEqual([true])
})

test.each([
  ['has no schedule', [OncePerTick(SHORT)]],
  ['has two schedules', [OncePerTick({ ...SHORT, schedule: EACH_SECOND }), Cron(EACH_SECOND, UTC)]],
  ['needs a pattern and a timeZone', [OncePerTick(SHORT), Cron(EACH_SECOND)]],
  ['cannot catch up', [OncePerTick({ ...SHORT, catchUp: 'last' }), Cron(EACH_SECOND, UTC)]],
] as const)('a job that %s is refused when the application starts', async (words, decorators) => {
  await expect(applicationWith(jobClass(decorators, () => undefined))).rejects.toThrow(`Reports.send ${words}`)
})

test('a call of an object that Nest did not make is refused, and does not run on every machine', async () => {
  let ran = false
  const type = jobClass([OncePerTick(SHORT), Cron(EACH_SECOND, UTC)], () => (ran = true))
  const reports = new type() as { send(): Promise<void> }
  await expect(reports.send()).rejects.toThrow('send() is no job yet: import HoldfastModule')
  expect(ran).toBe(false)
})
