/** What the tests of this folder share: a server, a person with all rights, and a schema for each test. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import type { Pool, PoolConfig } from 'pg'
import { Stage } from '../../stores/postgres/postgres.fixture.ts'
import type { Fenced, Mode } from '../../lease/lease.ts'

export function lease(token: bigint, mode: Mode = 'exclusive', name = 'seat:14A'): Fenced {
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
}

let schemas = 0

export class Guarded implements AsyncDisposable {
  readonly stage = new Stage()
  #engine: Engine | undefined
  #person: Pool | undefined

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error('the server was not started')
    return this.#engine
  }

  get person(): Pool {
    return (this.#person ??= this.stage.pool(this.engine))
  }

  async start(): Promise<void> {
    this.#engine ??= await this.stage.server()
  }

  pool(options: PoolConfig = {}): Pool {
    return this.stage.pool(this.engine, options)
  }

  /** A schema with a table of seats, of which two are there. */
  async shop(): Promise<{ readonly schema: string; readonly seat: string }> {
    const schema = `shop_${(schemas += 1)}`
    const seat = `${schema}.seat`
    await this.person.query(`CREATE SCHEMA ${schema}`)
    await this.person.query(`CREATE TABLE ${seat} (id text PRIMARY KEY, buyer text, fence bigint NOT NULL DEFAULT 0)`)
    await this.person.query(`INSERT INTO ${seat} (id) VALUES ('14A'), ('14B')`)
    return { schema, seat }
  }

  async buyerOf(seat: string, id = '14A'): Promise<unknown> {
    const { rows } = await this.person.query<{ buyer: unknown }>(`SELECT buyer FROM ${seat} WHERE id = $1`, [id])
    return rows[0]?.buyer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]()
  }
}
