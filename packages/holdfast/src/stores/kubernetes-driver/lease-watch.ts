/**
 * One watch on all our Leases of a namespace, which is begun again behind what was seen last, whenever it ends. This upkeep is
 * the only loop of the store; where nothing comes in time, the connection is given up.
 */
import { StoreUnavailable } from '../../store/errors.ts'
import type { ScheduledItem, Timers } from '../../time/timer-queue.ts'
import type { KubernetesStatus } from './errors.ts'
import type { KubernetesLease, KubernetesRequests } from './requests.ts'

export interface LeaseWatchEvents {
  changed(lease: KubernetesLease): void
  /** The watch broke; it is begun again. */
  lost(error: StoreUnavailable): void
  /** It goes on, and what came meanwhile was told, or is missing. */
  restored(isComplete: boolean): void
}

interface LeaseWatchLine {
  readonly type: string
  readonly object: Partial<KubernetesLease> & KubernetesStatus & { readonly code?: number }
}

/** The server ends it then: what was cut off without a word is found out as soon. */
const WATCH_SECONDS = 60
const SILENCE_MS = (WATCH_SECONDS + 10) * 1000
const PAUSE_MS_MIN = 100
const PAUSE_MS_MAX = 5_000
const GONE = 410
const WHAT = 'watching lines'

export class LeaseWatch {
  readonly #requests: KubernetesRequests
  readonly #timers: Timers
  readonly #selector: string
  readonly #events: LeaseWatchEvents
  readonly #closing = new AbortController()
  #version = ''
  #pauseMs = PAUSE_MS_MIN
  #isGone = false
  #isLost = false
  #next: ScheduledItem<() => void> | undefined

  constructor(requests: KubernetesRequests, timers: Timers, selector: string, events: LeaseWatchEvents) {
    this.#requests = requests
    this.#timers = timers
    this.#selector = selector
    this.#events = events
  }

  /** Resolves when the server watches, and to `false` where this user may not: then nothing is ever told. */
  async start(): Promise<boolean> {
    const version = await this.#requests.newestVersion(this.#selector, 'opening')
    if (version === undefined) return false
    this.#version = version
    return await this.#follow()
  }

  close(): void {
    this.#closing.abort()
    if (this.#next !== undefined) this.#timers.cancel(this.#next)
  }

  /** Resolves when it has begun, to `false` where it may not. */
  async #follow(): Promise<boolean> {
    const silence = new AbortController()
    const giveUp = (): void => silence.abort(new Error('nothing was heard for too long'))
    let heard = this.#timers.addIn(giveUp, SILENCE_MS)
    const onLine = (line: string): void => {
      this.#timers.cancel(heard)
      heard = this.#timers.addIn(giveUp, SILENCE_MS)
      this.#take(JSON.parse(line) as LeaseWatchLine)
    }
    const over = (error?: unknown): void => {
      this.#timers.cancel(heard)
      this.#again(error)
    }
    try {
      const signal = AbortSignal.any([this.#closing.signal, silence.signal])
      const following = await this.#requests.follow(this.#query(), signal, onLine)
      if (typeof following !== 'string') following.over.then(() => over(), over)
      else this.#timers.cancel(heard)
      if (following === 'gone') this.#forgotten()
      return following !== 'forbidden'
    } catch (error) {
      this.#timers.cancel(heard)
      throw error
    }
  }

  #query(): Readonly<Record<string, string>> {
    return {
      watch: '1',
      labelSelector: this.#selector,
      resourceVersion: this.#version,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(WATCH_SECONDS),
    }
  }

  #take({ type, object }: LeaseWatchLine): void {
    if (type === 'ERROR' && object.code === GONE) this.#isGone = true
    const { metadata } = object
    if (type === 'ERROR' || metadata === undefined) return
    this.#version = metadata.resourceVersion
    if (type !== 'BOOKMARK') this.#events.changed({ metadata })
  }

  /** It begins anew, and what came in between is told by nobody. */
  #forgotten(): void {
    this.#isGone = true
    this.#again()
  }

  #again(error?: unknown): void {
    if (this.#closing.signal.aborted) return
    if (error !== undefined && !this.#isLost) {
      this.#isLost = true
      this.#events.lost(new StoreUnavailable('the watch on Kubernetes was lost; it is begun again', { cause: error }))
    }
    this.#next = this.#timers.addIn(() => void this.#resume(), this.#pauseMs)
    this.#pauseMs = Math.min(PAUSE_MS_MAX, this.#pauseMs * 2)
  }

  async #resume(): Promise<void> {
    try {
      const wasGone = this.#isGone
      if (wasGone) this.#version = (await this.#requests.newestVersion(this.#selector, WHAT)) ?? this.#version
      this.#isGone = false
      if (!(await this.#follow())) throw new StoreUnavailable('this user may not watch any more', { isFinal: true })
      this.#pauseMs = PAUSE_MS_MIN
      if (this.#isLost || wasGone) this.#events.restored(!wasGone)
      this.#isLost = false
    } catch (error) {
      this.#again(error)
    }
  }
}
