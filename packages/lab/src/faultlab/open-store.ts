/** A store by its URL, through the command's own table of schemes, so that there is one such table. */
import { chooseStore } from '@holdfast/cli/stores'
import type { Store } from 'holdfast'

/** The same URL wherever it is used from; a message about a wrong one never repeats it. */
export function absoluteStoreUrl(url: string): string {
  return chooseStore(url, {}).url
}

export function openStore(url: string): Promise<Store> {
  return chooseStore(url, {}).open()
}

export function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(':'))
}
