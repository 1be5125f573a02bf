/** From the public face of a client to the client behind it: for recipes, which are functions that take `locks`. */
import { Misuse } from '../store/errors.ts'
import type { LockClient } from './client.ts'

/** One for every copy of the library in this program; the number is that of the seam. */
const clients: WeakMap<object, LockClient> = ((
  globalThis as { [slot: symbol]: WeakMap<object, LockClient> | undefined }
)[Symbol.for('holdfast/1/clients')] ??= new WeakMap<object, LockClient>())

export function register(locks: object, client: LockClient): void {
  clients.set(locks, client)
}

/** Throws `Misuse` for what `holdfast()` did not return. */
export function clientOf(locks: object): LockClient {
  const client = typeof locks === 'object' && locks !== null ? clients.get(locks) : undefined
  if (client !== undefined) return client
  throw new Misuse('the first argument must be what holdfast(store) returned itself, not a copy of it')
}
