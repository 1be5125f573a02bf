/** What a replay needs of the machine. What is missing is said before anything starts, and nothing is left out silently. */
import { EngineNotAvailable } from '../../engines/engine.ts'
import { locate as locateRedis } from '../../engines/redis/server.ts'
import type { SkippableTest } from '../../engines/require-engine.ts'
import { locate as locateDisk } from '../../machine/fragile-disk.ts'
import { requireAbility } from '../../machine/rights.ts'
import { locate as locateClock } from '../../machine/skewed-clock.ts'

export type Need = 'redis' | 'skewed-clock' | 'fragile-disk'

/** Each rejects with EngineNotAvailable and the reason. */
const abilities: Readonly<Record<Need, () => Promise<unknown>>> = {
  redis: () => locateRedis(),
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
