/** The connection that listens: for messages about the claims of this process, and for the lines that it observes. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timers } from '../../time/timer-queue.ts'
import type { Connection } from './connection.ts'
import type { Subscriptions } from './driver.ts'
import { ListenerCheck } from './listener-check.ts'

/** Channels that were listened to and may be again: each costs the server a few bytes, a new one a round trip. */
const IDLE_CHANNELS_MAX = 100

/** A server that answers at all has confirmed a subscription by then. */
const CONFIRMED_MS = 2_000

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
  /** The server's confirmation, on this connection or on the one that took its place. */
  readonly confirmed: Promise<void>
  readonly confirm: () => void
  isHeard: boolean
}

/** For a listener that is looked after: one that hears nothing any more is made anew. */
export interface ListenerUpkeep {
  readonly clock: Clock
  readonly timers: Timers
  report(trouble: StoreUnavailable): void
}

export class Channels {
  readonly #connection: Connection
  readonly #check: ListenerCheck | undefined
  readonly #upkeep: ListenerUpkeep | undefined
  readonly #topics = new Map<string, Topic>()
  /** Longest idle first. */
  readonly #idle = new Set<string>()
  readonly #events: ChannelEvents
  #listener: Subscriptions | undefined
  #own: OwnChannels | undefined
  #isRenewing = false
  #isClosed = false

  constructor(connection: Connection, events: ChannelEvents, upkeep?: ListenerUpkeep) {
    this.#connection = connection
    this.#events = events
    this.#upkeep = upkeep
    if (upkeep === undefined) return
    this.#check = new ListenerCheck({
      ...upkeep,
      publish: (channel, text) => connection.command('listening', [this.#publish, channel, text], channel),
      onDeaf: () => void this.#renew(),
    })
  }

  /** Whether a message reaches only listeners on the primary of its channel's slot. */
  get isSharded(): boolean {
    return this.#listener?.isSharded === true
  }

  /** Resolves when the server confirmed that this process hears of its claims, or will where it asks to. */
  async open(own: OwnChannels): Promise<void> {
    this.#own = own
    try {
      this.#listener = await this.#listening([own.name])
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** A message about a claim is waited for on this channel, until the returned function is called. */
  waitOn(channel: string): () => void {
    return this.#check?.wait(channel) ?? (() => undefined)
  }

  /** A message that should have come did not: does any? */
  suspect(channel: string): void {
    if (!this.isSharded || this.hears(channel)) this.#check?.ask(channel)
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
    this.#isClosed = true
    this.#check?.close()
    this.#listener?.close()
    this.#listener = undefined
    this.hintAll()
  }

  get #publish(): 'PUBLISH' | 'SPUBLISH' {
    return this.isSharded ? 'SPUBLISH' : 'PUBLISH'
  }

  /** A listener that the server has confirmed. Where channels are sharded, those of this process are not named yet. */
  async #listening(channels: readonly string[]): Promise<Subscriptions> {
    const listening = this.#connection.port.listen({
      onMessage: (channel, text) => this.#heard(channel, text),
      onDown: () => this.#events.onDown(),
      onUp: () => {
        this.#events.onUp()
        this.hintAll()
      },
    })
    try {
      const listener = await this.#connection.bounded('listening', listening)
      const wanted = channels.filter((channel) => listener.isSharded !== true || channel !== this.#own?.name)
      const subscribing = Promise.all(wanted.map((channel) => listener.subscribe(channel)))
      await this.#connection.bounded('listening', subscribing)
      return listener
    } catch (error) {
      // A connection that comes after we gave up waiting for it must not stay.
      listening.then(
        (late) => late.close(),
        () => undefined,
      )
      throw error
    }
  }

  /** Nothing comes through: from another connection on everything is looked at again. */
  async #renew(): Promise<void> {
    if (this.#isRenewing || this.#own === undefined || this.#isClosed) return
    this.#isRenewing = true
    const channels = [...this.#topics.keys()]
    try {
      const listener = await this.#listening([this.#own.name, ...channels])
      if (this.#isClosed) return listener.close()
      this.#listener?.close()
      this.#listener = listener
      for (const [channel, topic] of this.#topics) {
        if (channels.includes(channel)) topic.confirm()
        else void this.#subscribe(channel).then(topic.confirm, () => undefined)
      }
      this.#events.onUp()
      this.hintAll()
      this.#upkeep?.report(new StoreUnavailable('the connection that listens to Redis heard nothing; it was made anew'))
    } catch (error) {
      this.#upkeep?.report(
        new StoreUnavailable('the connection that listens to Redis hears nothing, and could not be made anew', {
          cause: error,
        }),
      )
    } finally {
      this.#isRenewing = false
    }
  }

  #heard(channel: string, text: string): void {
    if (this.#check?.heard(channel, text) === true) return
    if (this.#own !== undefined && channel.endsWith(this.#own.end)) this.#events.onMessage(text)
    else this.#tell(channel, text)
  }

  #tell(channel: string, version: string | undefined): void {
    for (const observer of this.#topics.get(channel)?.observers ?? []) observer(version)
  }

  #begin(channel: string): Topic {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const topic: Topic = {
      observers: new Set(),
      confirmed: this.#connection.bounded('observing', promise),
      confirm() {
        topic.isHeard = true
        resolve()
      },
      isHeard: false,
    }
    this.#topics.set(channel, topic)
    topic.confirmed.catch(() => undefined)
    this.#subscribe(channel).then(topic.confirm, reject)
    return topic
  }

  async #subscribe(channel: string): Promise<void> {
    const subscribing = this.#listener?.subscribe(channel)
    const timers = this.#upkeep?.timers
    // A connection that does not even confirm that it listens is as deaf as one that hears nothing.
    const alarm = timers?.addIn(() => void this.#renew(), CONFIRMED_MS)
    try {
      await subscribing
    } finally {
      if (alarm !== undefined) timers?.cancel(alarm)
    }
  }

  /** Keeps the subscription for a while, and ends the one that was not needed for longest. */
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
