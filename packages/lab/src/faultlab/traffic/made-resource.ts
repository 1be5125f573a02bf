/** The guarded data of a run: made for it, never hurt, and read at its end. */
import { join } from 'node:path'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { start as startMariadb } from '@holdfast/testbed/engines/mariadb/server'
import { start as startPostgres } from '@holdfast/testbed/engines/postgres/server'
import { start as startRedis } from '@holdfast/testbed/engines/redis/server'
import type { HistoryEvent } from '@holdfast/testbed/history'
import type { ResourceKind } from '../settings.ts'
import type { Order } from './order.ts'
import { mysqlResourceEvents, prepareMysqlResource } from './mysql-resource.ts'
import { postgresResourceEvents, preparePostgresResource } from './postgres-resource.ts'
import { redisResourceEvents } from './redis-resource.ts'
import { createResource, resourceEvents } from './resource.ts'

export interface MadeResource extends AsyncDisposable {
  /** How the workers are told. */
  readonly place: Pick<Order, 'resourcePath' | 'resourceUrl'>
  /** What it wrote down. */
  events(): Promise<readonly HistoryEvent[]>
}

export async function makeResource(kind: ResourceKind, folder: string): Promise<MadeResource> {
  const resourcePath = join(folder, 'resource.db')
  if (kind === 'sqlite') {
    createResource(resourcePath)
    const events = async (): Promise<HistoryEvent[]> => resourceEvents(resourcePath)
    return { place: { resourcePath }, events, [Symbol.asyncDispose]: async () => undefined }
  }
  const server = await servers[kind]()
  await server.prepare()
  const { engine } = server
  return {
    place: { resourcePath, resourceUrl: engine.url },
    events: () => server.events(),
    [Symbol.asyncDispose]: () => engine.close(),
  }
}

interface ResourceServer {
  readonly engine: Engine
  prepare(): Promise<unknown>
  events(): Promise<readonly HistoryEvent[]>
}

/** Each writes before it answers. */
const servers: Readonly<Record<Exclude<ResourceKind, 'sqlite'>, () => Promise<ResourceServer>>> = {
  async redis() {
    const engine = await startRedis({ aof: 'always' })
    return { engine, prepare: async () => undefined, events: () => redisResourceEvents(engine.url) }
  },
  async postgres() {
    const engine = await startPostgres({ fsync: true })
    const { url } = engine
    return { engine, prepare: () => preparePostgresResource(url), events: () => postgresResourceEvents(url) }
  },
  async mysql() {
    const engine = await startMariadb()
    const { url } = engine
    return { engine, prepare: () => prepareMysqlResource(url), events: () => mysqlResourceEvents(url) }
  },
}
