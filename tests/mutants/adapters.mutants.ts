/** Damages to what frameworks get: a route or a method that runs without its lock, and an end in the wrong order. */
import type { Check, Mutant } from './mutant.ts'

const fastify: Check = { tests: ['packages/fastify/src/plugin.test.ts'] }
const nestjs: Check = { tests: ['packages/nestjs/src/locked.test.ts'] }
const ticks: Check = { tests: ['packages/nestjs/src/tick-jobs.test.ts'] }
const calls: Check = { tests: ['packages/nestjs/src/scheduler-calls.test.ts'] }

export const adapterMutants: readonly Mutant[] = [
  {
    name: 'answer: a client is told to repeat work that may have happened',
    file: 'packages/holdfast/src/recipes/http-answer.ts',
    find: "title: 'The lock was lost before the work ended.' }",
    replace: "title: 'The lock was lost before the work ended.', retryAfterS: 1 }",
    caughtBy: { tests: ['packages/holdfast/src/recipes/http-answer.test.ts'], named: 'LeaseLost' },
  },
  {
    name: 'fastify: a route that was added too early runs without its lock',
    file: 'packages/fastify/src/plugin.ts',
    find: 'if (config.lock !== undefined && !routes',
    replace: 'if (config.lock === null && !routes',
    caughtBy: { ...fastify, named: 'instead of running without its lock' },
  },
  {
    name: 'fastify: a lock is given back before a handler that sends later has sent',
    file: 'packages/fastify/src/route-lock.ts',
    find: '(isHijacked || (!isAsync && !reply.sent))',
    replace: 'isHijacked',
    caughtBy: { ...fastify, named: 'until a handler that sends later' },
  },
  {
    name: 'fastify: a client that went away keeps its place in the line',
    file: 'packages/fastify/src/route-lock.ts',
    find: 'const settings = { wait, ...options, signal: client }',
    replace: 'const settings = { wait, ...options }',
    caughtBy: { ...fastify, named: 'leaves the line' },
  },
  {
    name: 'fastify: locks are given back under requests that run',
    file: 'packages/fastify/src/plugin.ts',
    find: "app.addHook('onClose', async () => {",
    replace: "app.addHook('preClose', async () => {",
    caughtBy: { ...fastify, named: 'answers the request that runs' },
  },
  {
    name: 'nestjs: a lock above a route loses the route',
    file: 'packages/nestjs/src/likeness.ts',
    find: 'Reflect.defineMetadata(key, Reflect',
    replace: 'Reflect.hasMetadata(key, Reflect',
    caughtBy: { ...nestjs, named: 'stands above' },
  },
  {
    name: 'nestjs: what lacks its id is one lock',
    file: 'packages/nestjs/src/lock-name.ts',
    find: "if (isPlain && value !== '') return",
    replace: 'return',
    caughtBy: { tests: ['packages/nestjs/src/lock-name.test.ts'], named: 'no lock has a name without its id' },
  },
  {
    name: 'nestjs: locks are given back under requests that run',
    file: 'packages/nestjs/src/module.ts',
    find: 'async onApplicationShutdown(): Promise<void> {',
    replace: 'async beforeApplicationShutdown(): Promise<void> {',
    caughtBy: { ...nestjs, named: 'answers the request that runs' },
  },
  {
    name: 'nestjs: a timeout inside of the method is taken for a busy lock',
    file: 'packages/nestjs/src/locked.ts',
    find: "busy === 'skip' && !hasBegun && error",
    replace: "busy === 'skip' && error",
    caughtBy: { ...nestjs, named: 'inside of a method that may be skipped' },
  },
  {
    name: 'nestjs: locks are given back under a run that goes on',
    file: 'packages/nestjs/src/module.ts',
    find: 'await this.#jobs.stop()',
    replace: 'await Promise.resolve()',
    caughtBy: { ...ticks, named: 'keeps its lock until it has ended' },
  },
  {
    name: 'nestjs: a method with @Cron runs on every instance',
    file: 'packages/nestjs/src/once-per-tick.ts',
    find: 'return answerOf(this, original, String(key))',
    replace: 'return Promise.resolve(original.call(this, {} as CronRun))',
    caughtBy: { ...calls, named: 'a call of an object that Nest did not make' },
  },
  {
    name: 'nestjs: a run that @Cron called loses its lock when the application closes',
    file: 'packages/nestjs/src/tick-jobs.ts',
    find: 'Promise.allSettled(this.#runs)',
    replace: 'this.#runs.size',
    caughtBy: { ...calls, named: 'keeps its lock until it has ended' },
  },
  {
    name: 'nestjs: a job with two schedules runs by one of them on every instance',
    file: 'packages/nestjs/src/tick-jobs.ts',
    find: 'if ((pattern === undefined) === (options.schedule === undefined))',
    replace: 'if (pattern === undefined && options.schedule === undefined)',
    caughtBy: { ...calls, named: 'has two schedules' },
  },
]
