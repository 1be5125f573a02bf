/**
 * Plain leases as many write them for themselves, with one flaw of choice. Without a flaw they would be right: a token
 * that rises, expiry by one clock, a deadline on the holder's side.
 */
import { schemeOf } from '../../open-store.ts'
import type { Contender, ContenderOptions } from '../contender.ts'
import { isFlaw } from '../flaws.ts'
import { openKeys } from './keys.ts'
import { polling } from './plain-lock.ts'
import { openTable } from './table.ts'

export async function openBroken(name: string, options: ContenderOptions): Promise<Contender> {
  if (!isFlaw(name)) throw new Error(`there is no broken lock "${name}"`)
  const open = schemeOf(options.storeUrl) === 'redis' ? openKeys : openTable
  return polling(await open(name, options))
}
