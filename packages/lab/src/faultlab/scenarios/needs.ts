/** What a replay needs of the machine. What is missing is said before anything starts, and nothing is left out silently. */
import { EngineNotAvailable } from '@holdfast/testbed/engines/engine'
import { locate as locateEtcd } from '@holdfast/testbed/engines/etcd/server'
import { locate as locatePgBouncer } from '@holdfast/testbed/engines/pgbouncer/server'
import { locate as locatePostgres } from '@holdfast/testbed/engines/postgres/server'
import { locate as locateRedis } from '@holdfast/testbed/engines/redis/server'
import type { SkippableTest } from '@holdfast/testbed/engines/require-engine'
import { locate as locateZookeeper } from '@holdfast/testbed/engines/zookeeper/server'
import { locate as locateDisk } from '@holdfast/testbed/os/fragile-disk'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { locate as locateClock } from '@holdfast/testbed/os/skewed-clock'

export type Need = 'redis' | 'etcd' | 'zookeeper' | 'postgres' | 'pgbouncer' | 'skewed-clock' | 'fragile-disk'

/** Each rejects with EngineNotAvailable and the reason. */
const abilities: Readonly<Record<Need, () => Promise<unknown>>> = {
  redis: () => locateRedis(),
  etcd: () => locateEtcd(),
  zookeeper: () => locateZookeeper(),
  postgres: () => locatePostgres(),
  pgbouncer: () => locatePgBouncer(),
  'skewed-clock': () => locateClock(),
  'fragile-disk': () => locateDisk(),
}

/** The first thing that is missing, in words. */
export async function missingOf(needs: readonly Need[] = []): Promise<string | undefined> {
  try {
    for (const need of needs) await abilities[need]()
    return undefined
  } catch (error) {
    if (error instanceof EngineNotAvailable) return error.message
    throw error
  }
}

/** For tests: skips by name. */
export async function requireNeeds(test: SkippableTest, needs: readonly Need[] = []): Promise<void> {
  for (const need of needs) await requireAbility(test, abilities[need])
}
