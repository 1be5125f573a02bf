/** A MariaDB of Debian stable and a MySQL of a later suite, each started once for the tests of a file. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as mariadb from '@holdfast/testbed/engines/mariadb/driver'
import * as mysql from '@holdfast/testbed/engines/mysql/driver'
import { requireEngine, type SkippableTest } from '@holdfast/testbed/engines/require-engine'
import { createPool, type Pool } from 'mysql2/promise'
import type { Fenced, Mode } from '../../lease/lease.ts'
import { urlOf } from './register.fixture.ts'

export interface Server {
  readonly engine: Engine
  readonly person: Pool
}

export const kinds = [
  { kind: 'MariaDB', driver: mariadb, release: 'stable' },
  { kind: 'MySQL', driver: mysql, release: 'newer' },
] as const

export type Kind = (typeof kinds)[number]

let databases = 0

export class Servers implements AsyncDisposable {
  readonly #started = new Map<string, Server>()
  readonly #pools: Pool[] = []

  async of(context: SkippableTest, { kind, driver, release }: Kind): Promise<Server> {
    await requireEngine(context, driver, release)
    const found = this.#started.get(kind)
    if (found !== undefined) return found
    const engine = await driver.start({ release })
    const server = { engine, person: createPool(urlOf(engine, 'locks')) }
    this.#started.set(kind, server)
    return server
  }

  /** A database with a table of seats, of which two are there, and a pool as a user would have one. */
  async shop({ engine, person }: Server, connectionLimit = 40): Promise<Pool> {
    const database = `shop_${(databases += 1)}`
    await person.query(`CREATE DATABASE ${database}`)
    const pool = createPool({ uri: urlOf(engine, database), connectionLimit })
    this.#pools.push(pool)
    await pool.query(
      'CREATE TABLE seat (id VARCHAR(20) PRIMARY KEY, buyer TEXT, fence BIGINT NOT NULL DEFAULT 0) ENGINE=InnoDB CHARSET=utf8mb4',
    )
    await pool.query("INSERT INTO seat (id) VALUES ('14A'), ('14B')")
    return pool
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pool of this.#pools) await pool.end()
    for (const { engine, person } of this.#started.values()) {
      await person.end()
      await engine.close()
    }
  }
}

export function lease(token: bigint, mode: Mode = 'exclusive', name = 'seat:14A'): Fenced {
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
}

export async function buyerOf(pool: Pool, id = '14A'): Promise<unknown> {
  return firstRow(await pool.query('SELECT buyer FROM seat WHERE id = ?', [id]))['buyer']
}

/** Of an answer of `mysql2`. */
export function firstRow(answer: unknown): Readonly<Record<string, unknown>> {
  const [rows] = answer as readonly [readonly Readonly<Record<string, unknown>>[]]
  return rows[0] ?? {}
}
