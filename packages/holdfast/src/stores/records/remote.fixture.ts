/** A compare-and-set service behind a network, as the record store is put to the test on: with a clock or without, with push or without. */
import type { Facts } from '../../store/facts.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../time/clock.ts'
import type { Notice, OnNotice } from './engine.ts'
import { swapStore } from './swap.ts'
import type { StoredText, SwapEngine } from './swap-engine.ts'

export interface RemoteOptions {
  /** Whose clock judges expiry. */
  readonly expiry: Facts['expiry']
  readonly wakeUp: Facts['wakeUp']
}

/** One service; every store is another client of it. */
export class Remote {
  readonly #options: RemoteOptions
  readonly #texts = new Map<string, StoredText>()
  readonly #listeners = new Set<OnNotice>()
  #clock: Clock | undefined
  #versions = 0
  reads = 0
  swaps = 0
  /** All that were sent. */
  readonly sent: Notice[] = []

  constructor(options: RemoteOptions) {
    this.#options = options
  }

  store(): Store {
    return swapStore(async ({ clock }, onNotice) => {
      this.#clock ??= clock
      this.#listeners.add(onNotice)
      return this.#engine(onNotice)
    })
  }

  /** Tells every client. */
  tell(...told: Parameters<OnNotice>): void {
    for (const listener of this.#listeners) listener(...told)
  }

  #engine(onNotice: OnNotice): SwapEngine {
    return {
      facts: factsOf(this.#options),
      read: async (key) => {
        this.reads += 1
        await network()
        const stored = this.#texts.get(key)
        return this.#options.expiry === 'engine' ? { stored, nowMs: this.#clock?.monotonicMs() ?? 0 } : { stored }
      },
      swap: async (key, seen, text, notices) => {
        this.swaps += 1
        await network()
        const current = this.#texts.get(key)
        if (current?.version !== seen) return { current }
        const version = String((this.#versions += 1))
        this.#texts.set(key, { text, version })
        this.#notify(key, notices)
        await network()
        return { version }
      },
      list: async (prefix, after, limit) => {
        await network()
        return [...this.#texts.keys()]
          .filter((key) => key.startsWith(prefix) && key > after)
          .toSorted()
          .slice(0, limit)
      },
      close: async () => void this.#listeners.delete(onNotice),
    }
  }

  #notify(resource: string, notices: readonly Notice[]): void {
    this.sent.push(...notices)
    if (this.#options.wakeUp === 'poll') return
    if (this.#options.expiry === 'observed') this.tell({ resource, isOfAll: true })
    else for (const notice of notices) this.tell(notice)
  }
}

async function network(): Promise<void> {
  for (let hop = 0; hop < 3; hop += 1) await Promise.resolve()
}

function factsOf({ expiry, wakeUp }: RemoteOptions): Facts {
  return {
    engine: 'a remote service of the tests',
    safetyClass: 'best-effort',
    reasons: ['It forgets everything when the process ends.'],
    clock: expiry === 'engine' ? 'the clock of the service' : 'the monotonic clock of each contender',
    expiry,
    tokens: 'last + 1, in the record',
    order: 'fifo',
    wakeUp,
    ttl: { per: 'claim', granularityMs: 1, minMs: 100, maxMs: 86_400_000, takeoverMs: 200 },
    lockRisks: ['the end of the process'],
    tokenRisks: ['the end of the process'],
    unsupported: {},
  }
}
