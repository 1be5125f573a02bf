/** Why a store cannot keep a rate: read from its facts alone. */
import type { Facts } from '../../store/facts.ts'
import { formatMs } from '../../time/duration.ts'

/** The reason in words, or undefined where permits end on their own exactly when they have counted for `perMs`. */
export function rateDenial({ ttl, expiry, unsupported }: Facts, perMs: number): string | undefined {
  if (unsupported.semaphore !== undefined) return unsupported.semaphore
  if (ttl.per === 'session') return 'a claim ends with its session, and each permit of a rate would need one of its own'
  if (expiry === 'observed')
    return 'a claim ends a whole ttl after each process first saw it, so that permits of a rate would count for too long'
  if (perMs < ttl.minMs || perMs > ttl.maxMs || perMs % ttl.granularityMs !== 0) {
    const [from, to, step] = [ttl.minMs, ttl.maxMs, ttl.granularityMs].map(formatMs)
    return `\`per\` must be from ${from} to ${to} in steps of ${step}, got ${formatMs(perMs)}`
  }
  return undefined
}
