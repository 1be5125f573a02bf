/** One deliberate damage: what rule it deletes, how, and the smallest check that must turn red. */
export interface Mutant {
  readonly name: string
  /** From the root of the repository. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
  readonly caughtBy: Check
}

/** Tests, or a span of simulated seeds of which at least one must show a violation. */
export type Check = TestCheck | { readonly seeds: Seeds }

export interface TestCheck {
  readonly tests: readonly [string, ...string[]]
  /** Only tests whose full name matches this. */
  readonly named?: string
  /** A real server that all these tests need, by its name on demand. */
  readonly engine?: Engine
}

export interface Seeds {
  readonly from: number
  readonly count: number
}

/** Engines on demand that checks may need. */
export type Engine = 'dynamodb' | 'etcd' | 'mariadb' | 'nats' | 'postgres' | 'redis' | 'zookeeper'
