/** One program that uses every entry point, as every compiler and every resolution of the matrix has to read it. */
import { type AcquireOptions, holdfast, HoldfastError, type Lease, LeaseLost, type Locks } from 'holdfast'
import { oncePerTick } from 'holdfast/cron'
import { adopt, handOver } from 'holdfast/hand-over'
import { members } from 'holdfast/members'
import { partitions } from 'holdfast/partitions'
import { once } from 'holdfast/once'
import { rateLimit } from 'holdfast/rate-limit'
import { singleFlight } from 'holdfast/single-flight'
import { slots } from 'holdfast/slots'
import { election } from 'holdfast/election'
import { dynamodb } from 'holdfast/dynamodb'
import { etcd } from 'holdfast/etcd'
import { zookeeper } from 'holdfast/zookeeper'
import DefaultRedlock, { Redlock } from 'holdfast/from-redlock'
import { flockFence } from 'holdfast/guards/files'
import { httpGuard } from 'holdfast/guards/http'
import { fence as mysqlFence } from 'holdfast/guards/mysql'
import { fence as postgresFence } from 'holdfast/guards/postgres'
import { fence as redisFence } from 'holdfast/guards/redis'
import { fence as sqliteFence } from 'holdfast/guards/sqlite'
import { emptyLine } from 'holdfast/line'
import { http } from 'holdfast/http'
import { memory } from 'holdfast/memory'
import { mysql } from 'holdfast/mysql'
import { kubernetes } from 'holdfast/kubernetes'
import { nats } from 'holdfast/nats'
import { postgres } from 'holdfast/postgres'
import { swapStore } from 'holdfast/records'
import { redis } from 'holdfast/redis'
import { redlock } from 'holdfast/redlock'
import { sqlite } from 'holdfast/sqlite'
import { virtualClock } from 'holdfast/testing'

export const all = [
  election,
  flockFence,
  adopt,
  handOver,
  members,
  once,
  partitions,
  rateLimit,
  singleFlight,
  slots,
  oncePerTick,
  httpGuard,
  mysqlFence,
  postgresFence,
  redisFence,
  sqliteFence,
  emptyLine,
  dynamodb,
  etcd,
  http,
  kubernetes,
  zookeeper,
  mysql,
  nats,
  postgres,
  swapStore,
  redis,
  redlock,
  sqlite,
  virtualClock,
  DefaultRedlock === Redlock,
]
const options: AcquireOptions = { wait: '1s' }

export async function token(): Promise<bigint> {
  const locks: Locks = holdfast(memory())
  try {
    await using lease: Lease = await locks.acquire('seat:14A', options)
    return lease.token
  } catch (error) {
    // `instanceof` narrows, although the classes compare codes.
    if (error instanceof LeaseLost) return error.outcome === undefined ? 0n : 1n
    if (error instanceof HoldfastError && error.code === 'MISUSE') return 2n
    throw error
  } finally {
    await locks.close()
  }
}
