/** The methods with `@OncePerTick` of an application, found when it starts and ended before it closes. */
import { type DiscoveryService, MetadataScanner } from '@nestjs/core'
import { type Locks, Misuse } from 'holdfast'
import { cron, type CronJob, type CronOptions, type CronRun, scheduled } from 'holdfast/cron'
import { type TickMethod, tickMethodOf } from './once-per-tick.ts'
import { answerCalls, type SchedulerPattern, schedulerPatternOf } from './scheduler-calls.ts'

interface FoundJob extends TickMethod {
  readonly name: string
  readonly instance: object
  /** Of `@Cron`, which calls the method. */
  readonly pattern: SchedulerPattern | undefined
  readonly work: (run: CronRun) => unknown
}

export class TickJobs {
  readonly #locks: Locks
  readonly #client: string | undefined
  readonly #discovery: DiscoveryService
  #found: readonly FoundJob[] = []
  readonly #jobs: CronJob[] = []
  readonly #runs = new Set<Promise<unknown>>()
  #isStopped = false

  constructor(locks: Locks, client: string | undefined, discovery: DiscoveryService) {
    this.#locks = locks
    this.#client = client
    this.#discovery = discovery
  }

  /** Before any scheduler calls: these answer from then on. */
  prepare(): void {
    this.#found = this.#discover()
    for (const job of this.#found) if (job.pattern !== undefined) this.#answer(job, job.pattern)
  }

  async start(): Promise<void> {
    for (const { name, options, pattern, work } of this.#found) {
      if (pattern === undefined) this.#jobs.push(await cron(this.#locks, name, cronOptionsOf(options), work))
    }
  }

  /** No further ticks; resolves when the runs that go on have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#jobs.splice(0).map((job) => job.stop()), Promise.allSettled(this.#runs)])
  }

  #answer({ name, instance, original, options, work }: FoundJob, pattern: SchedulerPattern): void {
    const run = scheduled(this.#locks, name, cronOptionsOf({ ...options, ...pattern }), work)
    answerCalls(instance, original, async () => {
      if (this.#isStopped) return undefined
      const ran = run()
      this.#runs.add(ran)
      try {
        return await ran
      } finally {
        this.#runs.delete(ran)
      }
    })
  }

  #discover(): readonly FoundJob[] {
    const scanner = new MetadataScanner()
    const wrappers = [...this.#discovery.getProviders(), ...this.#discovery.getControllers()]
    return wrappers.flatMap((wrapper) => {
      const type = wrapper.metatype
      if (typeof type !== 'function') return []
      const prototype = type.prototype as object | undefined
      return scanner.getAllMethodNames(prototype ?? {}).flatMap((key) => {
        const method: unknown = Reflect.get(prototype ?? {}, key)
        const kept = typeof method === 'function' ? tickMethodOf(method) : undefined
        if (kept === undefined || kept.options.client !== this.#client) return []
        const { options, original } = kept
        const name = options.name ?? `${type.name}.${key}`
        if (!wrapper.isDependencyTreeStatic()) {
          throw new Misuse(`${name} cannot be a job: its class is made for each request, and a tick is none`)
        }
        const pattern = patternOf(name, method as object, options)
        const instance = wrapper.instance as object
        return [{ name, instance, options, original, pattern, work: (run: CronRun) => original.call(instance, run) }]
      })
    })
  }
}

function patternOf(name: string, method: object, options: TickMethod['options']): SchedulerPattern | undefined {
  const pattern = schedulerPatternOf(method, name)
  if ((pattern === undefined) === (options.schedule === undefined)) {
    const what = pattern === undefined ? 'no schedule' : 'two schedules, and @Cron would call it on every instance'
    throw new Misuse(
      `${name} has ${what}: give @OncePerTick a schedule, or @Cron of @nestjs/schedule on the same method`,
    )
  }
  if (pattern !== undefined && (options.catchUp ?? 'none') !== 'none')
    throw new Misuse(
      `${name} cannot catch up: @Cron calls it at its ticks alone; give @OncePerTick the schedule instead`,
    )
  return pattern
}

function cronOptionsOf({ name: _name, client: _client, schedule, ...options }: TickMethod['options']): CronOptions {
  if (schedule === undefined) throw new Misuse('a job without a schedule')
  return { ...options, schedule }
}
