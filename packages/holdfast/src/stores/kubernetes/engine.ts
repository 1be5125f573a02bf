/** A namespace over one API server: what it promises now, its lines, and the notices that a watch brings. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import { lineIn, noticesIn, OURS } from '../kubernetes-driver/lease-object.ts'
import { LeaseWatch } from '../kubernetes-driver/lease-watch.ts'
import type { OpenKubernetes } from '../kubernetes-driver/open.ts'
import type { KubernetesLease } from '../kubernetes-driver/requests.ts'
import type { OnNotice } from '../records/engine.ts'
import { LinePace } from '../records/line-pace.ts'
import { noticeIn } from '../records/notice-text.ts'
import type { SwapEngine } from '../records/swap-engine.ts'
import { kubernetesFactsOf } from './facts.ts'
import { lineLeases } from './line-leases.ts'

/** Of a user that may not watch: every look is a request to the API server. */
const PACE = { lookMsMin: 50, lookMsPerWaiter: 50 }

export class KubernetesEngine implements SwapEngine {
  readonly refusalTells = true
  readonly channel: string = crypto.randomUUID()
  readonly read: SwapEngine['read']
  readonly list: SwapEngine['list']
  readonly swap: SwapEngine['swap']
  recheckInMs?: NonNullable<SwapEngine['recheckInMs']>
  readonly #kubernetes: OpenKubernetes
  readonly #environment: StoreEnvironment
  readonly #onNotice: OnNotice
  readonly #watch: LeaseWatch
  #facts: Facts | undefined
  #isDeaf = false

  constructor(kubernetes: OpenKubernetes, environment: StoreEnvironment, onNotice: OnNotice) {
    this.#kubernetes = kubernetes
    this.#environment = environment
    this.#onNotice = onNotice
    const { read, swap, list } = lineLeases(kubernetes.requests, environment.clock)
    this.read = read
    this.list = list
    this.swap = swap
    this.#watch = new LeaseWatch(kubernetes.requests, environment.timers, OURS, {
      changed: (lease) => this.#hear(lease),
      lost: (error) => environment.troubled?.(error),
      restored: (isComplete) => void this.#restored(isComplete),
    })
  }

  get facts(): Facts {
    if (this.#facts === undefined) throw new StoreUnavailable('Kubernetes was not asked yet what it promises')
    return this.#facts
  }

  async open(): Promise<void> {
    this.#isDeaf = !(await this.#watch.start())
    if (this.#isDeaf) {
      const pace = new LinePace(this.#environment.clock, PACE)
      this.recheckInMs = (line, id) => pace.recheckInMs(line, id)
    }
    this.#facts = kubernetesFactsOf(await this.#kubernetes.requests.version('opening'), this.#isDeaf)
  }

  async close(): Promise<void> {
    this.#watch.close()
    this.#kubernetes.close()
  }

  #hear(lease: KubernetesLease): void {
    const resource = lineIn(lease)
    // For observers, who have no claim that a notice could name.
    if (resource !== undefined) this.#onNotice({ resource })
    for (const [channel, text] of noticesIn(lease)) {
      const notice = channel === this.channel ? noticeIn(text) : undefined
      if (notice !== undefined) this.#onNotice(notice)
    }
  }

  /** Notices may be missing, and the server may be another one. */
  async #restored(isComplete: boolean): Promise<void> {
    if (!isComplete) this.#onNotice()
    try {
      this.#facts = kubernetesFactsOf(await this.#kubernetes.requests.version('looking at the server'), this.#isDeaf)
      this.#environment.factsChanged?.(this.#facts)
    } catch (error) {
      if (error instanceof StoreUnavailable) this.#environment.troubled?.(error)
    }
  }
}
