/** The methods with `@OncePerTick` of an application, found when it starts and ended before it closes. */
import { type DiscoveryService, MetadataScanner } from '@nestjs/core'
import { type Locks, Misuse } from 'holdfast'
import { cron, type CronJob, type CronOptions, type CronRun } from 'holdfast/cron'
import { tickOptionsOf } from './once-per-tick.ts'

interface FoundJob {
  readonly name: string
  readonly options: CronOptions
  readonly work: (run: CronRun) => unknown
}

export class TickJobs {
  readonly #locks: Locks
  readonly #client: string | undefined
  readonly #discovery: DiscoveryService
  readonly #jobs: CronJob[] = []

  constructor(locks: Locks, client: string | undefined, discovery: DiscoveryService) {
    this.#locks = locks
    this.#client = client
    this.#discovery = discovery
  }

  async start(): Promise<void> {
    for (const { name, options, work } of this.#found()) this.#jobs.push(await cron(this.#locks, name, options, work))
  }

  /** No further ticks; resolves when the runs that go on have ended. */
  async stop(): Promise<void> {
    await Promise.all(this.#jobs.splice(0).map((job) => job.stop()))
  }

  #found(): readonly FoundJob[] {
    const scanner = new MetadataScanner()
    const wrappers = [...this.#discovery.getProviders(), ...this.#discovery.getControllers()]
    return wrappers.flatMap((wrapper) => {
      const type = wrapper.metatype
      if (typeof type !== 'function') return []
      const prototype = type.prototype as object | undefined
      return scanner.getAllMethodNames(prototype ?? {}).flatMap((key) => {
        const method = Reflect.get(prototype ?? {}, key) as ((run: CronRun) => unknown) | undefined
        const options = typeof method === 'function' ? tickOptionsOf(method) : undefined
        if (method === undefined || options === undefined || options.client !== this.#client) return []
        const { name = `${type.name}.${key}`, client: _, ...rest } = options
        if (!wrapper.isDependencyTreeStatic()) {
          throw new Misuse(`${name} cannot be a job: its class is made for each request, and a tick is none`)
        }
        const instance = wrapper.instance as object
        return [{ name, options: rest, work: (run: CronRun) => method.call(instance, run) }]
      })
    })
  }
}
