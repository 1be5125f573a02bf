/** The connection that listens: one channel for all claims of this process, and one for each line it observes. */
import type { Connection } from './connection.ts'
import type { Listener } from './client.ts'

/** Lines that were observed and may be again: each subscription costs the server a few bytes, a new one a round trip. */
const IDLE_CHANNELS_MAX = 100

/** Called with what the line looks like now, or with nothing when messages may have been lost. */
export type Observer = (version: string | undefined) => void

export interface ChannelEvents {
  /** About a claim of this process. */
  onMessage(text: string): void
  onDown(): void
  onUp(): void
}

export class Channels {
  readonly #connection: Connection
  readonly #observers = new Map<string, Set<Observer>>()
  readonly #events: ChannelEvents
  #listener: Listener | undefined

  constructor(connection: Connection, events: ChannelEvents) {
    this.#connection = connection
    this.#events = events
  }

  /** Resolves when the server confirmed that this process hears of its claims. */
  async open(own: string): Promise<void> {
    const { port } = this.#connection
    const listening = port.listen({
      onMessage: (channel, text) => (channel === own ? this.#events.onMessage(text) : this.#tell(channel, text)),
      onDown: () => this.#events.onDown(),
      onUp: () => {
        this.#events.onUp()
        this.hintAll()
      },
    })
    // A connection that comes after we gave up waiting for it must not stay.
    let isAwaited = true
    listening.then(
      (late) => {
        if (!isAwaited) late.close()
      },
      () => undefined,
    )
    try {
      this.#listener = await this.#connection.bounded('listening', listening)
      await this.#connection.bounded('listening', this.#listener.subscribe(own))
    } catch (error) {
      isAwaited = false
      this.close()
      throw error
    }
  }

  /** Resolves when nothing that the line tells from now on is missed. Answers what ends it. */
  async observe(channel: string, observer: Observer): Promise<() => void> {
    const known = this.#observers.get(channel)
    const observers = known ?? new Set()
    // The last place in the map, so that the first idle one is the one that was idle for longest.
    this.#observers.delete(channel)
    this.#observers.set(channel, observers.add(observer))
    const stop = (): void => {
      observers.delete(observer)
      this.#dropIdle()
    }
    try {
      if (known === undefined) await this.#subscribe(channel)
    } catch (error) {
      stop()
      this.#observers.delete(channel)
      throw error
    }
    return stop
  }

  hintAll(): void {
    for (const channel of this.#observers.keys()) this.#tell(channel, undefined)
  }

  close(): void {
    this.#listener?.close()
    this.#listener = undefined
    this.hintAll()
  }

  #tell(channel: string, version: string | undefined): void {
    for (const observer of this.#observers.get(channel) ?? []) observer(version)
  }

  async #subscribe(channel: string): Promise<void> {
    if (this.#listener !== undefined) await this.#connection.bounded('observing', this.#listener.subscribe(channel))
  }

  #dropIdle(): void {
    if (this.#observers.size <= IDLE_CHANNELS_MAX) return
    for (const [channel, observers] of this.#observers) {
      if (observers.size > 0) continue
      this.#observers.delete(channel)
      // A subscription that stays costs nothing but its bytes.
      void this.#listener?.unsubscribe(channel).catch(() => undefined)
      return
    }
  }
}
