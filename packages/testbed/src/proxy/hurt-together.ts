/** Several ways of a network that fare alike from one moment on. */
import type { ProxyMode } from './mode.ts'
import type { Proxy } from './proxy.ts'

/** Returns what heals them, which tells how many bytes were held up or lost meanwhile. */
export function hurtTogether(ways: readonly Proxy[], mode: ProxyMode): () => number {
  const hit = (): number =>
    ways.reduce((sum, { stats: { requests, replies } }) => {
      return sum + requests.lostBytes + replies.lostBytes + requests.waitingBytes + replies.waitingBytes
    }, 0)
  const before = hit()
  for (const way of ways) way.set(mode)
  return () => {
    const bytes = hit() - before
    for (const way of ways) way.set({ kind: 'pass' })
    return bytes
  }
}
