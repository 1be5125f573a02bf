/** What a recipe promises on every store, as data: the servers are started once for all recipes. */
import type { ExpectStatic } from 'vitest'
import { holdfast } from '../holdfast.ts'
import { newClaimId } from '../store/claim.ts'
import type { Facts } from '../store/facts.ts'
import type { Bench } from '../testing/index.ts'
import type { Locks } from './locks.ts'

export interface StoreUnderTest {
  readonly facts: Facts
  /** Of this test: several run at once. */
  readonly expect: ExpectStatic
  /** One more client of the same engine. */
  client(): Locks
}

/** One promise, in real time and in a namespace of its own. */
export interface StoreCase {
  readonly name: string
  body(store: StoreUnderTest): Promise<void>
}

export async function runOnStore({ body }: StoreCase, bench: Bench, expect: ExpectStatic): Promise<void> {
  const engine = await bench.start()
  const namespace = `recipes-${newClaimId().slice(0, 12)}`
  const clients: Locks[] = []
  const client = (): Locks => {
    const locks = holdfast(engine.store(), { namespace, ttl: '1s', wait: '20s' })
    clients.push(locks)
    return locks
  }
  try {
    await body({ client, expect, facts: await client().open() })
  } finally {
    await Promise.all(clients.map((locks) => locks.close()))
    await engine.stop()
  }
}
