/** Under what a client is found by the container. */
import { Inject } from '@nestjs/common'

const DEFAULT = 'default'

/**
 * The token of a client, for `inject` lists and for tests that replace it. `name` is that of the module, without it the only one.
 *
 * @example
 * ```ts
 * Test.createTestingModule({ … }).overrideProvider(locksToken()).useValue(holdfast(memory()))
 * ```
 */
export function locksToken(name: string = DEFAULT): string {
  return `holdfast:locks:${name}`
}

/**
 * Injects the client: `constructor(@InjectLocks() private readonly locks: Locks)`.
 *
 * @example
 * ```ts
 * constructor(@InjectLocks('reports') private readonly locks: Locks) {}
 * ```
 */
export function InjectLocks(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(locksToken(name))
}
