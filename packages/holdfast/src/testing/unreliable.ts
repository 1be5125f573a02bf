/**
 * A store behind a bad network: what a plan says about each call happens to it, and nothing else. It is how
 * "fail the 1st call, then the 2nd, …" is written in one loop, over any store.
 */
import { type Clock, sleep, systemClock } from '../time/clock.ts'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../store/errors.ts'
import { aroundStore } from './around-store.ts'
import type { OpenStore, Store, StoreEnvironment } from '../store/store.ts'

export type StoreMethod = 'open' | 'enter' | 'renew' | 'watch' | 'observe' | 'look' | 'leave' | 'list' | 'evict'

/** How the caller learns that there is no answer: never, or by an `OutcomeUnknown`. */
export type Silence = 'hangs' | 'throws'

export type Fault =
  /** The request never arrives. */
  | { readonly kind: 'lost-request'; readonly silence: Silence }
  /** The request is carried out and its answer never arrives. */
  | { readonly kind: 'lost-reply'; readonly silence: Silence }
  /** The request waits on its way there, and the answer on its way back. */
  | { readonly kind: 'delayed'; readonly requestMs?: number; readonly replyMs?: number }
  /** The request is carried out, and once more `afterMs` later: a duplicate that was stuck on the way. */
  | { readonly kind: 'duplicated'; readonly afterMs: number }
  | { readonly kind: 'not-applied' }
  | { readonly kind: 'unavailable' }
  /** For `watch` and `observe`: a hint at once, although nothing changed. Two in a row are a repeated one. */
  | { readonly kind: 'early-hint' }
  /** For `watch` and `observe`: whatever happens, nothing is told until the signal aborts. */
  | { readonly kind: 'no-hint' }

/** What happens to the call with this number, counted from 0 over all methods but `close`. */
export type FaultPlan = (callIndex: number, method: StoreMethod) => Fault | undefined

export interface UnreliableStore extends Store {
  /** From now on no request leaves, as if the connection were stuck; `thaw` sends them all, in order. */
  freeze(): void
  thaw(): void
  /** How many calls were made so far. */
  readonly calls: number
}

export function unreliable(store: Store, plan: FaultPlan): UnreliableStore {
  return new Unreliable(store, plan)
}

/** The plan that does one thing to one call: the loop over `callIndex` ends when `store.calls <= callIndex`. */
export function onCall(callIndex: number, fault: Fault): FaultPlan {
  return (index) => (index === callIndex ? fault : undefined)
}

class Unreliable implements UnreliableStore {
  readonly #suffering: Store
  readonly #plan: FaultPlan
  #clock: Clock = systemClock
  #calls = 0
  #frozen: Promise<void> | undefined
  #thaw: () => void = () => undefined

  constructor(store: Store, plan: FaultPlan) {
    this.#plan = plan
    this.#suffering = aroundStore(store, (open) => ({
      // Always works, so that a test can end.
      close: () => {
        this.thaw()
        return open.close()
      },
      enter: (claim) => this.#call('enter', () => open.enter(claim)),
      renew: (renewals) => this.#call('renew', () => open.renew(renewals)),
      look: (resource) => this.#call('look', () => open.look(resource)),
      leave: (ref, options) => this.#call('leave', () => open.leave(ref, options)),
      list: (prefix, cursor, limit) => this.#call('list', () => open.list(prefix, cursor, limit)),
      evict: (resource, token, reason) => this.#call('evict', () => open.evict(resource, token, reason)),
      watch: (ref, signal) => this.#watch('watch', { kind: 'hint' } as const, signal, () => open.watch(ref, signal)),
      observe: (resource, seen, signal) =>
        this.#watch('observe', seen, signal, () => open.observe(resource, seen, signal)),
    }))
  }

  get calls(): number {
    return this.#calls
  }

  freeze(): void {
    this.#frozen ??= new Promise((resolve) => {
      this.#thaw = resolve
    })
  }

  thaw(): void {
    this.#frozen = undefined
    this.#thaw()
  }

  open(environment: StoreEnvironment): Promise<OpenStore> {
    this.#clock = environment.clock
    return this.#call('open', () => this.#suffering.open(environment))
  }

  async #watch<Answer>(
    method: StoreMethod,
    nothing: Answer,
    signal: AbortSignal,
    send: () => Promise<Answer>,
  ): Promise<Answer> {
    const fault = this.#next(method)
    if (fault?.kind === 'early-hint') return nothing
    if (fault?.kind === 'no-hint') {
      await aborted(signal)
      return nothing
    }
    return this.#suffer(fault, send)
  }

  #call<Answer>(method: StoreMethod, send: () => Promise<Answer>): Promise<Answer> {
    return this.#suffer(this.#next(method), send)
  }

  #next(method: StoreMethod): Fault | undefined {
    const fault = this.#plan(this.#calls, method)
    this.#calls += 1
    return fault
  }

  async #suffer<Answer>(fault: Fault | undefined, send: () => Promise<Answer>): Promise<Answer> {
    if (this.#frozen !== undefined) await this.#frozen
    switch (fault?.kind) {
      case undefined:
      case 'early-hint':
      case 'no-hint':
        return send()
      case 'not-applied':
        throw new NotApplied('the plan says: not applied. Ask again.')
      case 'unavailable':
        throw new StoreUnavailable('the plan says: unavailable. Try again later.')
      case 'lost-request':
        return noAnswer(fault.silence)
      case 'lost-reply':
        await send()
        return noAnswer(fault.silence)
      case 'duplicated':
        // Its answer is dropped, whatever it is.
        this.#clock.schedule(fault.afterMs, () => void send().catch(() => undefined))
        return send()
      case 'delayed': {
        if (fault.requestMs !== undefined) await sleep(this.#clock, fault.requestMs)
        const answer = await send()
        if (fault.replyMs !== undefined) await sleep(this.#clock, fault.replyMs)
        return answer
      }
    }
  }
}

function noAnswer(silence: Silence): Promise<never> {
  if (silence === 'hangs') return new Promise(() => undefined)
  return Promise.reject(new OutcomeUnknown('the plan says: no answer. It may or may not have been carried out.'))
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
