/** The guarded data of a run: made for it, never hurt, and read at its end. */
import { join } from 'node:path'
import { start as startPostgres } from '@holdfast/testbed/engines/postgres/server'
import { start as startRedis } from '@holdfast/testbed/engines/redis/server'
import type { HistoryEvent } from '@holdfast/testbed/history'
import type { ResourceKind } from '../settings.ts'
import type { Order } from './order.ts'
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
  if (kind === 'postgres') {
    const engine = await startPostgres({ fsync: true })
    await preparePostgresResource(engine.url)
    return {
      place: { resourcePath, resourceUrl: engine.url },
      events: () => postgresResourceEvents(engine.url),
      [Symbol.asyncDispose]: () => engine.close(),
    }
  }
  const engine = await startRedis({ aof: 'always' })
  return {
    place: { resourcePath, resourceUrl: engine.url },
    events: () => redisResourceEvents(engine.url),
    [Symbol.asyncDispose]: () => engine.close(),
  }
}
