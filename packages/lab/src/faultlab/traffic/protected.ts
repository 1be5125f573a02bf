/** What the locks protect, as the workload sees it, wherever the data is. */
import { type Fenced, HoldfastError } from 'holdfast'
import type { Order } from './order.ts'
import { openRedisResource } from './redis-resource.ts'
import { isBusy, patiently, Resource } from './resource.ts'

export interface Protected {
  /** Before the first read. Without a guard nobody is refused, and it is written down all the same. */
  enter(holder: Fenced): Promise<void>
  /** Plain: nothing is checked, as in every program that reads before it writes. */
  versionOf(list: string): Promise<number>
  checkedRead(holder: Fenced): Promise<number>
  /** Puts the element at the version after `base`; everything from there on is gone. */
  write(holder: Fenced, base: number, element: string): Promise<void>
  close(): Promise<void>
}

export async function openProtected(order: Order): Promise<Protected> {
  if (order.resourceUrl !== undefined) return openRedisResource(order.resourceUrl, order)
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
