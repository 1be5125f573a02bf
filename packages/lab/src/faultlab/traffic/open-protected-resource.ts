/** Opens what the locks protect, in a file, a Redis or a database. */
import { HoldfastError } from 'holdfast'
import type { Order } from './order.ts'
import { openMysqlResource } from './mysql-resource.ts'
import { openPostgresResource } from './postgres-resource.ts'
import { openRedisResource } from './redis-resource.ts'
import { isBusy, patiently, Resource } from './resource.ts'
import type { ProtectedResource } from './protected-resource.ts'

export async function openProtectedResource(order: Order): Promise<ProtectedResource> {
  const { resourceUrl } = order
  if (resourceUrl?.startsWith('postgres') === true) return openPostgresResource(resourceUrl, order)
  if (resourceUrl?.startsWith('mariadb') === true) return openMysqlResource(resourceUrl, order)
  if (resourceUrl !== undefined) return openRedisResource(resourceUrl, order)
  const resource = new Resource(order.resourcePath, order)
  return {
    enter: (holder) => patiently(() => resource.enter(holder)),
    versionOf: (list) => patiently(() => resource.versionOf(list)),
    checkedRead: (holder) => patiently(() => resource.checkedRead(holder)),
    write: (holder, base, element) => patiently(() => resource.write(holder, base, element)),
    close: async () => resource.close(),
  }
}

/** Surely: it was refused, or the database was busy for all of the tries. */
export function isNotDone(error: unknown): boolean {
  return error instanceof HoldfastError || isBusy(error)
}
