/** Claims in tests that speak to a store directly. */
import { type Claim, newClaimId } from '../store/claim.ts'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../store/errors.ts'
import type { Held, Standing } from '../store/standing.ts'
import type { OpenStore } from '../store/store.ts'

export function claim(resource: string, changes: Partial<Claim> = {}): Claim {
  return {
    resource,
    id: newClaimId(),
    weight: 1,
    capacity: 1,
    ttlMs: 10_000,
    queue: true,
    lockDelayMs: 0,
    note: '',
    owner: 'test',
    ...changes,
  }
}

export function held(standing: Standing): Held {
  if (standing.kind !== 'held') throw new Error(`expected a held claim, got ${standing.kind}`)
  return standing
}

/** As core does with everything that a store throws: asks again, for a while. */
export async function again<T>(ask: () => Promise<T>, withinMs = 20_000): Promise<T> {
  const endsAtMs = performance.now() + withinMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const isTyped =
        error instanceof OutcomeUnknown || error instanceof NotApplied || error instanceof StoreUnavailable
      if (!isTyped || performance.now() > endsAtMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** As core waits: a hint means to look again, a heartbeat looks although nothing was heard. */
export async function turnOf(store: OpenStore, asked: Claim, heartbeatMs = 1_000): Promise<Held> {
  for (let tries = 0; tries < 100; tries += 1) {
    const standing = await again(() => store.enter(asked))
    if (standing.kind === 'held') return standing
    if (standing.kind !== 'queued') throw new Error(`${standing.kind} instead of a turn`)
    const seen = await store.watch(asked, AbortSignal.timeout(heartbeatMs)).catch(() => undefined)
    if (seen?.kind === 'held') return seen
  }
  throw new Error('no turn came')
}

export async function takeAndLeave(store: OpenStore, resource: string): Promise<bigint> {
  const asked = claim(resource)
  const { token } = held(await store.enter(asked))
  await store.leave({ resource, id: asked.id, token })
  return token
}
