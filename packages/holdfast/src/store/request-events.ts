/** A store whose requests are told when they end, with how they ended and how long they took. */
import type { Clock } from '../time/clock.ts'
import { HoldfastError } from './errors.ts'
import type { Facts } from './facts.ts'
import type { OpenStore } from './store.ts'

/** On the channel `holdfast:store:request`: one request to the store that ended, with an answer or without. */
export interface StoreRequestEvent {
  readonly namespace: string
  readonly operation: 'enter' | 'renew' | 'leave' | 'look' | 'list' | 'evict'
  /** What the store promises as it is now. */
  readonly facts: Facts
  readonly outcome: 'ok' | 'not_applied' | 'unknown' | 'unavailable'
  readonly tookMs: number
}

/** What a diagnostics channel is. */
export interface RequestChannel {
  readonly hasSubscribers: boolean
  publish(event: unknown): void
}

/** The client that asks. */
export interface RequestSender {
  readonly clock: Clock
  readonly namespace: string
}

/** The same store; without subscribers a request costs one look at the channel. */
export function withRequestEvents(
  store: OpenStore,
  requests: RequestChannel,
  { clock, namespace }: RequestSender,
): OpenStore {
  const measured = <T>(operation: StoreRequestEvent['operation'], call: () => Promise<T>): Promise<T> => {
    if (!requests.hasSubscribers) return call()
    const sentMs = clock.monotonicMs()
    const publish = (outcome: StoreRequestEvent['outcome']): void => {
      const tookMs = clock.monotonicMs() - sentMs
      const event = { namespace, facts: store.facts, operation, outcome, tookMs }
      requests.publish(event satisfies StoreRequestEvent)
    }
    const answer = call()
    answer.then(
      () => publish('ok'),
      (error: unknown) => publish(outcomeOf(error)),
    )
    return answer
  }
  const { rebase } = store
  return {
    get facts() {
      return store.facts
    },
    ...(store.hearsItself === true && { hearsItself: true }),
    enter: (claim) => measured('enter', () => store.enter(claim)),
    renew: (renewals) => measured('renew', () => store.renew(renewals)),
    leave: (ref, options) => measured('leave', () => store.leave(ref, options)),
    watch: (ref, signal) => store.watch(ref, signal),
    observe: (resource, seen, signal) => store.observe(resource, seen, signal),
    look: (resource) => measured('look', () => store.look(resource)),
    list: (prefix, cursor, limit) => measured('list', () => store.list(prefix, cursor, limit)),
    evict: (resource, token, reason) => measured('evict', () => store.evict(resource, token, reason)),
    ...(rebase === undefined ? {} : { rebase: (to) => rebase.call(store, to) }),
    close: () => store.close(),
  }
}

function outcomeOf(error: unknown): StoreRequestEvent['outcome'] {
  const code = error instanceof HoldfastError ? error.code : undefined
  if (code === 'NOT_APPLIED') return 'not_applied'
  return code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'unavailable'
}
