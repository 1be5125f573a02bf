/// <reference lib="esnext.disposable" preserve="true" />
/** Locks of a store that another machine reaches: over HTTP, through a `holdfast serve`. */
import type { Store } from '../../store/store.ts'
import { seamAddressOf } from '../http-driver/address.ts'
import { httpStore } from './store.ts'

export interface HttpOptions {
  /** A token of the server's token file. @default none */
  readonly token?: string
  /** A file with the token, read before each request, so that a token may be replaced. @default that of the URL, else none */
  readonly tokenFile?: string
}

/**
 * A store over a Holdfast server (`holdfast serve`), which carries every call to its own store: for programs that cannot reach
 * the store itself, or that must not know its password. `https://locks.example?token-file=PATH` names a file with the token.
 * Opens nothing yet; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { holdfast } from 'holdfast'
 * import { http } from 'holdfast/http'
 *
 * const locks = holdfast(http('http://127.0.0.1:4653'))
 * ```
 */
export function http(url: string, options: HttpOptions = {}): Store {
  return httpStore(seamAddressOf(url, options))
}
