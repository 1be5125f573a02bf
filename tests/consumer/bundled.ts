/**
 * One program for each entry point, from which a bundler makes one file: it takes a lock with what the entry brings, and
 * prints the token. No `await` stands at the top, so the same text becomes an ES module and a CommonJS one.
 */

/** Addresses of three servers, as a list in JSON. */
export const SERVERS = 'HOLDFAST_TEST_SERVERS'

const take = (store: string): string =>
  `const locks = holdfast(${store})
  const token = await locks.using('seat:14A', (lease) => lease.token)
  await locks.close()
  return token`

const guarded = (guard: string, opened: string, closed: string): string =>
  `const locks = holdfast(memory())
  ${opened}
  const token = await locks.using('seat:14A', async (lease) => {
    await ${guard}.enter(lease)
    return lease.token
  })
  ${closed}
  await locks.close()
  return token`

const imports = (lines: readonly string[], body: string): string => `${lines.join('\n')}

const servers = JSON.parse(process.env.${SERVERS})

async function main() {
  ${body}
}

main().then(
  (token) => console.log('token ' + token),
  (error) => {
    console.error(error)
    process.exitCode = 1
  },
)
`

const HOLDFAST = "import { holdfast } from 'holdfast'"
const MEMORY = "import { memory } from 'holdfast/memory'"
const IOREDIS = "import { Redis } from 'ioredis'"

/** Entry → program. */
export const programs: Readonly<Record<string, string>> = {
  '.': imports([HOLDFAST, MEMORY], take('memory()')),
  './memory': imports([HOLDFAST, MEMORY], take('memory()')),
  './sqlite': imports([HOLDFAST, "import { sqlite } from 'holdfast/sqlite'"], take("sqlite({ path: 'locks.db' })")),
  './redis': imports([HOLDFAST, "import { redis } from 'holdfast/redis'"], take('redis(servers[0])')),
  './redlock': imports([HOLDFAST, "import { redlock } from 'holdfast/redlock'"], take('redlock(servers)')),
  './guards/sqlite': imports(
    [HOLDFAST, MEMORY, "import { fence } from 'holdfast/guards/sqlite'", "import { DatabaseSync } from 'node:sqlite'"],
    guarded('fence(shop)', "const shop = new DatabaseSync('shop.db')", 'shop.close()'),
  ),
  './guards/redis': imports(
    [HOLDFAST, MEMORY, "import { fence } from 'holdfast/guards/redis'", IOREDIS],
    guarded('fence(shop)', 'const shop = new Redis(servers[0])', 'shop.disconnect()'),
  ),
  './dynamodb': imports(
    ["import { dynamodb } from 'holdfast/dynamodb'", HOLDFAST, MEMORY],
    `if (typeof dynamodb !== 'function') throw new Error('there is no dynamodb')
  ${take('memory()')}`,
  ),
  './kubernetes': imports(
    ["import { kubernetes } from 'holdfast/kubernetes'", HOLDFAST, MEMORY],
    `if (typeof kubernetes !== 'function') throw new Error('there is no kubernetes')
  ${take('memory()')}`,
  ),
  './nats': imports(
    ["import { nats } from 'holdfast/nats'", HOLDFAST, MEMORY],
    `if (typeof nats !== 'function') throw new Error('there is no nats')
  ${take('memory()')}`,
  ),
  './http': imports(
    ["import { http } from 'holdfast/http'", HOLDFAST, MEMORY],
    `if (typeof http !== 'function') throw new Error('there is no http')
  ${take('memory()')}`,
  ),
  './guards/dynamodb': imports(
    [HOLDFAST, MEMORY, "import { fence } from 'holdfast/guards/dynamodb'"],
    `if (typeof fence !== 'function') throw new Error('there is no fence')
  ${take('memory()')}`,
  ),
  './etcd': imports(
    ["import { etcd } from 'holdfast/etcd'", HOLDFAST, MEMORY],
    `if (typeof etcd !== 'function') throw new Error('there is no etcd')
  ${take('memory()')}`,
  ),
  './zookeeper': imports(
    ["import { zookeeper } from 'holdfast/zookeeper'", HOLDFAST, MEMORY],
    `if (typeof zookeeper !== 'function') throw new Error('there is no zookeeper')
  ${take('memory()')}`,
  ),
  './guards/postgres': imports(
    [HOLDFAST, MEMORY, "import { fence } from 'holdfast/guards/postgres'"],
    `if (typeof fence !== 'function') throw new Error('there is no fence')
  ${take('memory()')}`,
  ),
  './guards/mysql': imports(
    [HOLDFAST, MEMORY, "import { fence } from 'holdfast/guards/mysql'"],
    `if (typeof fence !== 'function') throw new Error('there is no fence')
  ${take('memory()')}`,
  ),
  './guards/files': imports(
    [HOLDFAST, MEMORY, "import { flockFence } from 'holdfast/guards/files'"],
    `if (typeof flockFence !== 'function') throw new Error('there is no guard')
  ${take('memory()')}`,
  ),
  './guards/http': imports(
    [HOLDFAST, MEMORY, "import { httpGuard } from 'holdfast/guards/http'"],
    `if (typeof httpGuard !== 'function') throw new Error('there is no guard')
  ${take('memory()')}`,
  ),
  './from-redlock': imports(
    ["import Redlock from 'holdfast/from-redlock'", IOREDIS],
    `const clients = servers.map((url) => new Redis(url))
  const redlock = new Redlock(clients)
  const lock = await redlock.acquire(['seat:14A'], 5000)
  const { token } = lock
  await lock.release()
  await redlock.quit()
  return token`,
  ),
  './cron': imports(
    [HOLDFAST, MEMORY, "import { oncePerTick } from 'holdfast/cron'"],
    `const locks = holdfast(memory())
  const result = await oncePerTick(locks, 'reminders', new Date(), { atMostFor: '1m' }, (run) => run.token)
  await locks.close()
  return result.value`,
  ),
  './once': imports(
    [HOLDFAST, MEMORY, "import { once } from 'holdfast/once'"],
    `const locks = holdfast(memory())
  const entries = new Map()
  const ledger = {
    get: ({ name }) => entries.get(name) ?? null,
    enter: ({ name }) => entries.get(name) ?? null,
    put: ({ name, token }, value) => void entries.set(name, { value, token }),
  }
  const token = await once(locks, 'payments', { ledger, interrupted: 'refuse' }).run('order-1', (attempt) => attempt.tokenText)
  await locks.close()
  return BigInt(token)`,
  ),
  './rate-limit': imports(
    [HOLDFAST, MEMORY, "import { rateLimit } from 'holdfast/rate-limit'"],
    `const locks = holdfast(memory())
  const { allowed } = await rateLimit(locks, 'mail', { limit: 1, per: '1m' }).tryTake()
  const token = allowed ? await locks.using('seat:14A', (lease) => lease.token) : 0n
  await locks.close()
  return token`,
  ),
  './single-flight': imports(
    [HOLDFAST, MEMORY, "import { singleFlight } from 'holdfast/single-flight'"],
    `const locks = holdfast(memory())
  const cache = { get: () => null, set: () => undefined }
  const token = await singleFlight(locks, 'maps', { cache, fresh: '1m' }).get('seats', (lease) => lease.tokenText)
  await locks.close()
  return BigInt(token)`,
  ),
  './slots': imports(
    [HOLDFAST, MEMORY, "import { slots } from 'holdfast/slots'"],
    `const locks = holdfast(memory())
  const token = await slots(locks, 'ids', { count: 4 }).using((slot) => slot.token)
  await locks.close()
  return token`,
  ),
  './hand-over': imports(
    [HOLDFAST, MEMORY, "import { adopt, handOver } from 'holdfast/hand-over'"],
    `const locks = holdfast(memory())
  const text = await handOver(locks, await locks.acquire('deploy'))
  const lease = await adopt(locks, text)
  const { token } = lease
  await lease.release()
  await locks.close()
  return token`,
  ),
  './members': imports(
    [HOLDFAST, MEMORY, "import { members } from 'holdfast/members'"],
    `const locks = holdfast(memory())
  const seat = await members(locks, 'nodes').join()
  const token = seat.isMember() ? await locks.using('seat:14A', (lease) => lease.token) : 0n
  await seat.leave()
  await locks.close()
  return token`,
  ),
  './partitions': imports(
    [HOLDFAST, MEMORY, "import { partitions } from 'holdfast/partitions'"],
    `const locks = holdfast(memory())
  const shutdown = new AbortController()
  let token = 0n
  await partitions(locks, 'orders', { count: 1, settle: 0 }).run((partition) => {
    token = partition.token
    shutdown.abort()
  }, shutdown)
  await locks.close()
  return token`,
  ),
  './election': imports(
    [HOLDFAST, MEMORY, "import { election } from 'holdfast/election'"],
    `const locks = holdfast(memory())
  const token = await election(locks, 'compactor').lead((term) => term.token)
  await locks.close()
  return token`,
  ),
  './line': imports(
    ["import { emptyLine } from 'holdfast/line'", HOLDFAST, MEMORY],
    `if (emptyLine.claims.length > 0) throw new Error('an empty line is not empty')
  ${take('memory()')}`,
  ),
  './mysql': imports(
    [HOLDFAST, MEMORY, "import { mysql } from 'holdfast/mysql'"],
    `if (typeof mysql !== 'function') throw new Error('there is no mysql')
  ${take('memory()')}`,
  ),
  './postgres': imports(
    ["import { postgres } from 'holdfast/postgres'", HOLDFAST, MEMORY],
    `if (typeof postgres !== 'function') throw new Error('there is no postgres')
  ${take('memory()')}`,
  ),
  './records': imports(
    ["import { swapStore } from 'holdfast/records'", HOLDFAST, MEMORY],
    `if (typeof swapStore !== 'function') throw new Error('there is no swapStore')
  ${take('memory()')}`,
  ),
  './testing': imports(
    [HOLDFAST, MEMORY, "import { virtualClock } from 'holdfast/testing'"],
    `const clock = virtualClock()
  const locks = holdfast(memory(), { clock })
  const lease = await locks.acquire('seat:14A')
  await locks.close()
  return lease.token`,
  ),
}
