/** Every engine the lab can start. A new one is a driver module and a line here. */
import type { Driver } from './driver.ts'
import * as dynamodb from './dynamodb/driver.ts'
import * as etcd from './etcd/driver.ts'
import * as kubernetes from './kubernetes/driver.ts'
import * as mariadb from './mariadb/driver.ts'
import * as mysql from './mysql/driver.ts'
import * as nats from './nats/driver.ts'
import * as postgres from './postgres/driver.ts'
import * as redis from './redis/driver.ts'
import * as zookeeper from './zookeeper/driver.ts'

export const drivers: readonly Driver[] = [redis, postgres, mariadb, mysql, etcd, dynamodb, kubernetes, nats, zookeeper]
