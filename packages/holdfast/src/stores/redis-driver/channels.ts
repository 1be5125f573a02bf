/** The connection that listens: for messages about the claims of this process, and for the lines that it observes. */
import type { Connection } from './connection.ts'
import type { Subscriptions } from './driver.ts'

/** Channels that were listened to and may be again: each costs the server a few bytes, a new one a round trip. */
const IDLE_CHANNELS_MAX = 100

/** Called with what the line looks like now, or with nothing when messages may have been lost. */
export type ChannelObserver = (version: string | undefined) => void

export interface ChannelEvents {
  /** About a claim of this process. */
  onMessage(text: string): void
  onDown(): void
  onUp(): void
}

/** Whose channels are these? */
export interface OwnChannels {
  /** Listened to from the start, unless the listener hears sharded channels only. */
  readonly name: string
  /** How the names of all channels end that bring messages about claims of this process. */
  readonly end: string
}

interface Topic {
  readonly observers: Set<ChannelObserver>
  /** The server's confirmation. */
  readonly confirmed: Promise<void>
  isHeard: boolean
}

export class Channels {
  readonly #connection: Connection
  readonly #topics = new Map<string, Topic>()
  /** Longest idle first. */
  readonly #idle = new Set<string>()
  readonly #events: ChannelEvents
  #listener: Subscriptions | undefined

  constructor(connection: Connection, events: ChannelEvents) {
    this.#connection = connection
    this.#events = events
  }

  /** Whether a message reaches only those who listen on the primary of its channel's slot. */
  get isSharded(): boolean {
    return this.#listener?.isSharded === true
  }

  /** Resolves when the server confirmed that this process hears of its claims, or will where it asks to. */
  async open(own: OwnChannels): Promise<void> {
    const { port } = this.#connection
    const listening = port.listen({
      onMessage: (channel, text) =>
        channel.endsWith(own.end) ? this.#events.onMessage(text) : this.#tell(channel, text),
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
      if (!this.isSharded) await this.#connection.bounded('listening', this.#listener.subscribe(own.name))
    } catch (error) {
      isAwaited = false
      this.close()
      throw error
    }
  }

  /** Whether a message that is sent there now will come. */
  hears(channel: string): boolean {
    return this.#topics.get(channel)?.isHeard === true
  }

  /**
   * Resolves when nothing that is told from now on is missed. Answers what ends it. Messages about claims of this
   * process go where all of them go, and the observer only hears that some may have been lost.
   */
  async observe(channel: string, observer: ChannelObserver = () => undefined): Promise<() => void> {
    const topic = this.#topics.get(channel) ?? this.#begin(channel)
    this.#idle.delete(channel)
    topic.observers.add(observer)
    try {
      await topic.confirmed
    } catch (error) {
      if (this.#topics.get(channel) === topic) this.#topics.delete(channel)
      throw error
    }
    return () => {
      topic.observers.delete(observer)
      if (topic.observers.size === 0) this.#rest(channel)
    }
  }

  hintAll(): void {
    for (const channel of this.#topics.keys()) this.#tell(channel, undefined)
  }

  close(): void {
    this.#listener?.close()
    this.#listener = undefined
    this.hintAll()
  }

  #tell(channel: string, version: string | undefined): void {
    for (const observer of this.#topics.get(channel)?.observers ?? []) observer(version)
  }

  #begin(channel: string): Topic {
    const topic: Topic = { observers: new Set(), confirmed: this.#subscribe(channel), isHeard: false }
    topic.confirmed.then(
      () => (topic.isHeard = true),
      () => undefined,
    )
    this.#topics.set(channel, topic)
    return topic
  }

  async #subscribe(channel: string): Promise<void> {
    if (this.#listener !== undefined) await this.#connection.bounded('observing', this.#listener.subscribe(channel))
  }

  /** Keeps the subscription for a while, and ends the one that nobody needed for longest. */
  #rest(channel: string): void {
    this.#idle.add(channel)
    if (this.#idle.size <= IDLE_CHANNELS_MAX) return
    const [longest = channel] = this.#idle
    this.#idle.delete(longest)
    this.#topics.delete(longest)
    // A subscription that stays costs nothing but its bytes.
    void this.#listener?.unsubscribe(longest).catch(() => undefined)
  }
}
