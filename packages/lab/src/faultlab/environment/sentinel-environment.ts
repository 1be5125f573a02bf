/** A primary behind Sentinels under a run: three of them, which put its replica in its place when it is silent. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { startSentinel } from '@holdfast/testbed/engines/redis/sentinel'
import { command } from './command.ts'
import type { Electorate, Pair } from './group-environment.ts'
import type { Persistence } from './environment.ts'

/** Silence after which they hold it for down: longer than any stop, and short where it is to be replaced. */
const PATIENT_MS = 3_600_000
const IMPATIENT_MS = 500
/** Another try, if one came to nothing, comes after twice this. */
const FAILOVER_TIMEOUT_MS = 2_000
/** They tell an old primary of its successor when it has been back for four of the one, and they ask once in the other. Their own are 2 and 10 s. */
const PERIODS_MS = { 'publish-period': 500, 'info-period': 1_000 }

export async function startSentinelElectorate(persistence: Persistence): Promise<Electorate> {
  const group = await startSentinel({
    aof: persistence,
    downAfterMs: PATIENT_MS,
    failoverTimeoutMs: FAILOVER_TIMEOUT_MS,
  })
  const { primary, replicas, serviceName, url = '', close } = group
  const sentinels = group.sentinels.map(({ engine }) => engine)
  const [replica] = replicas
  const pairs =
    replica === undefined ? [] : [{ name: 'primary', primary: primary.engine, replica: replica.engine } satisfies Pair]
  const all = (...words: readonly (string | number)[]): Promise<unknown> =>
    Promise.all(sentinels.map((sentinel) => command(sentinel, 'SENTINEL', ...words)))
  try {
    await all('DEBUG', ...Object.entries(PERIODS_MS).flat())
  } catch (error) {
    await close()
    throw error
  }
  return {
    url,
    pairs,
    permit: async (_, isPermitted) =>
      void (await all('SET', serviceName, 'down-after-milliseconds', isPermitted ? IMPATIENT_MS : PATIENT_MS)),
    // As for a client: the first that is asked decides, though another one may not have heard of it.
    hasChosen: async (heir) => names(sentinels.slice(0, 1), serviceName, heir),
    async agreesOn([pair]) {
      if (pair === undefined || !(await names(sentinels, serviceName, pair.primary))) return false
      const known = await all('REPLICAS', serviceName)
      return [known].flat().every((replicas) => isInOrder(replicas))
    },
    namespaceLike: async (wish) => wish,
    close,
  }
}

async function names(sentinels: readonly Engine[], serviceName: string, primary: Engine): Promise<boolean> {
  for (const sentinel of sentinels) {
    const address = [await command(sentinel, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', serviceName)].flat()
    if (String(address[1]) !== String(primary.port)) return false
  }
  return true
}

/** It is a replica, and neither down nor out of reach. */
function isInOrder(replicas: unknown): boolean {
  const words = [replicas].flat(2).map(String)
  return words[words.indexOf('flags') + 1] === 'slave'
}
