/** A test of a recipe on every store of this machine, in real time: each with a namespace of its own. */
import { onTestFinished, test } from 'vitest'
import { holdfast } from '../holdfast.ts'
import { newClaimId } from '../store/claim.ts'
import type { Facts } from '../store/facts.ts'
import { absent, benches } from '../stores/benches.fixture.ts'
import type { Locks } from './locks.ts'

export interface StoreUnderTest {
  readonly facts: Facts
  /** One more client of the same engine. */
  client(): Locks
}

const SLOW_MS = 20_000

export function onEveryStore(name: string, body: (store: StoreUnderTest) => Promise<void>): void {
  for (const [engine, reason] of Object.entries(absent)) test(`${name}: ${engine}`, ({ skip }) => skip(reason))
  for (const bench of Object.values(benches).flat()) {
    if (bench.time !== 'real') continue
    test(`${name}: ${bench.name}`, { timeout: SLOW_MS }, async () => {
      const engine = await bench.start()
      const namespace = `recipes-${newClaimId().slice(0, 12)}`
      const clients: Locks[] = []
      const client = (): Locks => {
        const locks = holdfast(engine.store(), { namespace, ttl: '1s', wait: '20s' })
        clients.push(locks)
        return locks
      }
      onTestFinished(async () => {
        await Promise.all(clients.map((locks) => locks.close()))
        await engine.stop()
      })
      await body({ client, facts: await client().open() })
    })
  }
}
