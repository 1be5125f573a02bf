/** Where a claim stands: its node, what it holds, and what is left of it when it ends. */
import type { OwnPlace } from '../sessions/engine.ts'
import type { MultiPart, NodeStat } from '../zookeeper-driver/requests.ts'
import { type ClaimData, encodeData } from './claim-data.ts'
import { type NodeName, remainderName } from './node-name.ts'

export interface ZookeeperPlace extends OwnPlace {
  readonly path: string
  readonly weight: number
  readonly capacity: number
  data: ClaimData
}

/** For `evict`. */
export interface ReadClaim {
  readonly path: string
  readonly data: ClaimData
  readonly stat: NodeStat
}

/** What goes on counting for so long in the place of a claim. */
export function remainderOf({ path, token, weight, capacity, data }: ZookeeperPlace, keepMs: number): MultiPart {
  const name = remainderName({ weight, capacity, id: data.id }, Math.ceil(keepMs))
  const line = path.slice(0, path.lastIndexOf('/'))
  return { kind: 'create', path: `${line}/${name}`, data: encodeData({ ...data, base: token }), mode: 'persistent' }
}

/** Changes with everything that a look shows. */
export function versionOf(stat: NodeStat | undefined): string {
  return stat === undefined ? '0' : `${stat.childrenChangedAt}.${stat.changedAt}`
}

export function tokenOf({ data, stat }: ReadClaim, { sequence }: NodeName): bigint {
  return sequence === undefined ? data.base : data.base + stat.createdAt
}
