/** A store by its URL, through the command's own table of schemes, so that there is one such table. */
import { chooseStore } from '@holdfast/cli/stores'
import type { Store } from 'holdfast'

/** The same URL wherever it is used from; a message about a wrong one never repeats it. */
export function absoluteStoreUrl(url: string): string {
  return chooseStore(url).url
}

/** Redlock is told how long leases are here: the longest one decides for how long a server that lost its data is kept out. */
export async function openStore(url: string, ttlMs?: number): Promise<Store> {
  if (schemeOf(url) === 'redlock') {
    const { redlock } = await import('holdfast/redlock')
    return redlock(url, ttlMs === undefined ? {} : { maxTtl: ttlMs })
  }
  return chooseStore(url).open()
}

export function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(':'))
}
