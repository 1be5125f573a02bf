/**
 * Plain leases as many write them for themselves, with one flaw of choice. Without a flaw they would be right: a token
 * that rises, expiry by one clock, a deadline on the holder's side.
 */
import { schemeOf } from '../../open-store.ts'
import type { Contender, ContenderOptions } from '../contender.ts'
import { type BrokenPlace, type FlawName, isFlaw } from '../flaws.ts'
import { openKeys } from './keys.ts'
import { openLockRpc } from './lock-rpc.ts'
import { type PlainLock, polling } from './plain-lock.ts'
import { openServers } from './servers.ts'
import { openTable } from './table.ts'

const places: Readonly<Record<BrokenPlace, (flaw: FlawName, options: ContenderOptions) => Promise<PlainLock>>> = {
  sqlite: openTable,
  redis: openKeys,
  redlock: openServers,
  etcd: openLockRpc,
}

export async function openBroken(name: string, options: ContenderOptions): Promise<Contender> {
  if (!isFlaw(name)) throw new Error(`there is no broken lock "${name}"`)
  return polling(await places[flawPlace(options.storeUrl)](name, options))
}

function flawPlace(storeUrl: string): BrokenPlace {
  const scheme = schemeOf(storeUrl)
  return scheme === 'redis' || scheme === 'redlock' || scheme === 'etcd' ? scheme : 'sqlite'
}
