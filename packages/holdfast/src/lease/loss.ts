/** What a caller reads when a lease ends before its work. */
import type { Ref } from '../store/claim.ts'
import { LeaseLost } from '../store/errors.ts'

interface Lost {
  readonly name: string
  readonly ref: Ref & { readonly token: bigint }
}

export function described({ name, ref }: Lost): string {
  return `the lock "${name}" (token ${ref.token})`
}

export function lossOf(lease: Lost, why: string): LeaseLost {
  const words = `${described(lease)} was lost: ${why}. Its token is stale wherever a guard checks it.`
  return new LeaseLost(words, { resource: lease.name })
}

/** For `stopBefore`: the lease is still held and its token good, so there is time to stop in order. */
export function stopOf(lease: Lost, leftMs: number): LeaseLost {
  const words = `${described(lease)} could not be renewed and ends in ${Math.round(leftMs)} ms: stop now (stopBefore)`
  return new LeaseLost(words, { resource: lease.name })
}
