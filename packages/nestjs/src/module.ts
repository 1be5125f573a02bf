/** The module: a client for the container, opened when the application starts and closed behind its server. */
import {
  type DynamicModule,
  type FactoryProvider,
  Logger,
  Module,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common'
import { APP_FILTER, DiscoveryModule, DiscoveryService, HttpAdapterHost } from '@nestjs/core'
import { holdfast, type HoldfastOptions, type Locks, type Logger as HoldfastLogger, type Store } from 'holdfast'
import { HoldfastExceptionFilter } from './exception-filter.ts'
import { HoldfastHealthIndicator } from './health.ts'
import { TickJobs } from './tick-jobs.ts'
import { locksToken } from './token.ts'

/** What makes the client. */
export interface HoldfastModuleSettings extends HoldfastOptions {
  /** Where the locks are. */
  readonly store: Store
  /** Whether the application starts only when the store could be opened. @default true */
  readonly openAtStart?: boolean
}

interface ModuleScope {
  /** Tells several clients apart: `@InjectLocks(name)`, `client: name`. @default the client without a name */
  readonly name?: string
  /** Whether every module sees the client without importing this one. @default true */
  readonly isGlobal?: boolean
  /** Whether `HoldfastExceptionFilter` answers the errors of the whole application. @default false */
  readonly filter?: boolean
}

export interface HoldfastModuleOptions extends HoldfastModuleSettings, ModuleScope {}

export interface HoldfastModuleAsyncOptions extends ModuleScope, Pick<ModuleMetadata, 'imports'> {
  /** What the factory takes. @default nothing */
  readonly inject?: FactoryProvider['inject']
  /** Makes the settings, such as from a `ConfigService`. */
  readonly useFactory: (...dependencies: never[]) => HoldfastModuleSettings | Promise<HoldfastModuleSettings>
}

/** Hooks of the application. Nest closes: destroy, the server with its last requests, then shutdown. */
class LocksLifecycle {
  readonly #locks: Locks
  readonly #settings: HoldfastModuleSettings
  readonly #jobs: TickJobs

  constructor(locks: Locks, settings: HoldfastModuleSettings, jobs: TickJobs) {
    this.#locks = locks
    this.#settings = settings
    this.#jobs = jobs
  }

  async onModuleInit(): Promise<void> {
    this.#jobs.prepare()
    if (this.#settings.openAtStart ?? true) await this.#locks.open()
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#jobs.start()
  }

  async onModuleDestroy(): Promise<void> {
    await this.#jobs.stop()
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#locks.close()
  }
}

/**
 * Gives an application its locks.
 *
 * @example
 * ```ts
 * @Module({ imports: [HoldfastModule.forRoot({ store: redis('redis://localhost:6379'), namespace: 'shop', filter: true })] })
 * export class AppModule {}
 * ```
 */
export class HoldfastModule {
  /** With settings that are known when the module is written. */
  static forRoot({ name, isGlobal, filter, ...settings }: HoldfastModuleOptions): DynamicModule {
    return moduleOf({ provide: settingsToken(name), useValue: settings }, { name, isGlobal, filter }, [])
  }

  /** With settings that the container makes. */
  static forRootAsync({ imports = [], inject = [], useFactory, ...scope }: HoldfastModuleAsyncOptions): DynamicModule {
    const factory = useFactory as (...dependencies: unknown[]) => ReturnType<typeof useFactory>
    return moduleOf({ provide: settingsToken(scope.name), inject, useFactory: factory }, scope, imports)
  }
}

Module({})(HoldfastModule)

function moduleOf(
  settings: Provider,
  { name, isGlobal = true, filter = false }: { [Key in keyof ModuleScope]: ModuleScope[Key] | undefined },
  imports: NonNullable<ModuleMetadata['imports']>,
): DynamicModule {
  const [client, made] = [locksToken(name), settingsToken(name)]
  const providers: Provider[] = [
    settings,
    { provide: client, inject: [made], useFactory: clientOf },
    {
      provide: `holdfast:lifecycle:${client}`,
      inject: [client, made, DiscoveryService],
      useFactory: (locks: Locks, own: HoldfastModuleSettings, discovery: DiscoveryService) =>
        new LocksLifecycle(locks, own, new TickJobs(locks, name, discovery)),
    },
  ]
  const health: Provider[] = [
    {
      provide: HoldfastHealthIndicator,
      inject: [client],
      useFactory: (locks: Locks) => new HoldfastHealthIndicator(locks),
    },
  ]
  const answers: Provider = {
    provide: APP_FILTER,
    inject: [HttpAdapterHost],
    useFactory: (host: HttpAdapterHost) => new HoldfastExceptionFilter(host),
  }
  // A second client has its own token, and the indicator is a class: it stands for the client without a name.
  const shared = name === undefined ? health : []
  return {
    module: HoldfastModule,
    global: isGlobal,
    imports: [DiscoveryModule, ...imports],
    providers: [...providers, ...shared, ...(filter ? [answers] : [])],
    exports: [client, ...(name === undefined ? [HoldfastHealthIndicator] : [])],
  }
}

function clientOf(settings: HoldfastModuleSettings): Locks {
  const { store, openAtStart: _, ...options } = settings
  return holdfast(store, { logger: nestLogger(), ...options })
}

function settingsToken(name: string | undefined): string {
  return `holdfast:settings:${locksToken(name)}`
}

function nestLogger(): HoldfastLogger {
  const logger = new Logger('Holdfast')
  return {
    debug: (message) => logger.debug(message),
    info: (message) => logger.log(message),
    warn: (message) => logger.warn(message),
    error: (message) => logger.error(message),
  }
}
