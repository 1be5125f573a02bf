/** Candidates of one election in a world with virtual time, and works that end when they are told to. */
import { world, type World } from '../../client/clients.fixture.ts'
import type { HoldfastOptions } from '../../client/options.ts'
import type { aroundStore } from '../../testing/around-store.ts'
import type { FaultPlan } from '../../testing/unreliable.ts'
import type { Locks } from '../locks.ts'
import { type Election, election, type ElectionOptions, type Term } from './index.ts'

export const NAME = 'compactor'
export const LINE = 'election:compactor'

export interface CandidateUnderTest {
  readonly locks: Locks
  readonly election: Election
  /** `elected 1`, `stopped 1 lost`, with the token as the number of the grant in this world. */
  readonly events: string[]
}

export interface ElectionWorld extends World {
  candidate(
    options?: ElectionOptions,
    plan?: FaultPlan,
    change?: Parameters<typeof aroundStore>[1],
    client?: HoldfastOptions,
  ): CandidateUnderTest
  /** Takes the lead from its holder. */
  evict(): Promise<void>
}

export function electionWorld(): ElectionWorld {
  const around = world()
  const operator = around.client().locks
  return {
    ...around,
    candidate(options = {}, plan, change, clientOptions = {}) {
      const { locks } = around.client(clientOptions, plan, change)
      const events: string[] = []
      const candidate = election(locks, NAME, options)
      candidate.on('elected', () => events.push('elected'))
      candidate.on('stopped', ({ because }) => events.push(`stopped ${because}`))
      candidate.on('stuck', () => events.push('stuck'))
      return { locks, election: candidate, events }
    },
    async evict() {
      const { claims } = await operator.inspect(LINE)
      const token = claims.find(({ state }) => state === 'held')?.token
      if (token !== undefined) await operator.evict(LINE, { token, reason: 'host is being replaced' })
    },
  }
}

/** A work that leads until it is told to stop. */
export async function untilStopped({ stopping }: Pick<Term, 'stopping'>): Promise<string> {
  if (!stopping.aborted) await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }))
  return 'stopped'
}

/** A work that ends when the test says so. */
export function heldWork(): { readonly work: (term: Term) => Promise<string>; finish(): void; readonly terms: Term[] } {
  const { promise, resolve } = Promise.withResolvers<string>()
  const terms: Term[] = []
  const work = (term: Term): Promise<string> => {
    terms.push(term)
    return promise
  }
  return { work, terms, finish: () => resolve('finished') }
}
