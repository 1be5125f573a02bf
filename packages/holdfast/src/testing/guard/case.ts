/** The shape of a case of the guard contract, and what the cases share. */
import assert from 'node:assert/strict'
import { type Clock, systemClock } from '../../time/clock.ts'
import { StaleToken } from '../../store/errors.ts'
import type { Fenced, Mode } from '../../lease/lease.ts'
import type { GuardedRegister, GuardedResource, MakeGuard } from './register.ts'

export interface GuardCase {
  readonly name: string
  /** Only for guards whose transaction runs the caller's code: not a script or a conditional request. */
  readonly needs?: 'transaction'
  /** Rejects with an `AssertionError` when the guard does not do what the name says. */
  run(makeGuard: MakeGuard): Promise<void>
}

/** The lock and the key that most cases use. */
export const KEY = 'stock'

/** Late enough for every token there is. */
export const farFuture: Clock = { ...systemClock, wallMs: () => 2 ** 63 / 1000 }

export function holder(
  token: bigint,
  mode: Mode = 'exclusive',
  name: string = KEY,
  namespace: string = 'contract',
): Fenced {
  return { namespace, name, mode, token, assertHeld: () => undefined }
}

export function guardCase(
  name: string,
  body: (resource: GuardedResource, first: GuardedRegister, second: GuardedRegister) => Promise<void>,
  options: { readonly needs?: 'transaction'; readonly clock?: Clock } = {},
): GuardCase {
  return {
    name,
    ...(options.needs === undefined ? {} : { needs: options.needs }),
    async run(makeGuard) {
      const resource = await makeGuard(options.clock ?? farFuture)
      try {
        await body(resource, await resource.connect(), await resource.connect())
      } finally {
        await resource.close()
      }
    },
  }
}

export async function assertStale(attempt: Promise<void>, held: bigint, needed: bigint): Promise<void> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof StaleToken, `token ${held} must be refused with StaleToken, got ${String(error)}`)
  assert.deepEqual([error.held, error.needed], [held, needed], 'StaleToken must carry both tokens exactly')
}

export async function assertUntouched(resource: GuardedResource, register: GuardedRegister): Promise<void> {
  assert.deepEqual(await resource.commits(), [], 'nothing may be committed')
  assert.equal(await register.read(KEY), 0, 'nothing may be written')
}
