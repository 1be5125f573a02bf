/** What can be watched from outside: typed events, each also published on a diagnostics channel, such as `holdfast:lost`. */
import { type Channel, channel } from 'node:diagnostics_channel'
import { Misuse } from '../store/errors.ts'
import type { EventMap, EventName } from '../lease/events.ts'

export type Listener<Name extends EventName> = (event: EventMap[Name]) => void

/** The events of one client; a recipe has its own. */
const CLIENT_EVENTS: readonly EventName[] = [
  'facts',
  'trouble',
  'opening',
  'asked',
  'waiting',
  'acquired',
  'refused',
  'renewed',
  'jeopardy',
  'lost',
  'released',
]

/** Of one event: who listens, and its channel. */
interface Audience<Event> {
  readonly listeners: Set<(event: Event) => void>
  readonly channel: Channel
}

type Audiences<Map> = { readonly [Name in keyof Map]: Audience<Map[Name]> }

export class Events<Map extends object = EventMap> {
  readonly #audiences: Audiences<Map>
  readonly #onListenerError: (name: string, error: unknown) => void

  /** `prefix` begins the names of the channels. */
  constructor(
    prefix: string,
    names: readonly (keyof Map & string)[],
    onListenerError: (name: string, error: unknown) => void,
  ) {
    const audiences = names.map((name) => [name, { listeners: new Set(), channel: channel(`${prefix}:${name}`) }])
    this.#audiences = Object.fromEntries(audiences) as Audiences<Map>
    this.#onListenerError = onListenerError
  }

  /** Those of a client. */
  static ofClient(onListenerError: (name: string, error: unknown) => void): Events {
    return new Events<EventMap>('holdfast', CLIENT_EVENTS, onListenerError)
  }

  /** Calls the listener for each event until the returned function is called. */
  on<Name extends keyof Map>(name: Name, listener: (event: Map[Name]) => void): () => void {
    if (!Object.hasOwn(this.#audiences, name) || typeof listener !== 'function') {
      throw new Misuse(`on() takes one of the events ${Object.keys(this.#audiences).join(', ')} and a function`)
    }
    const { listeners } = this.#audiences[name]
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  hears(name: keyof Map): boolean {
    const { listeners, channel: published } = this.#audiences[name]
    return listeners.size > 0 || published.hasSubscribers
  }

  /** A listener that fails is reported to the logger; it disturbs neither the lock nor the other listeners. */
  emit<Name extends keyof Map & string>(name: Name, event: Map[Name]): void {
    const { listeners, channel: published } = this.#audiences[name]
    for (const listener of listeners) {
      try {
        // A listener may be an async function all the same, and its rejection would end the process.
        const result: unknown = listener(event)
        if (result instanceof Promise) result.catch((error: unknown) => this.#report(name, error))
      } catch (error) {
        this.#report(name, error)
      }
    }
    if (published.hasSubscribers) published.publish(event)
  }

  /** The logger is code of the caller too. */
  #report(name: string, error: unknown): void {
    try {
      this.#onListenerError(name, error)
    } catch {
      // Nothing is left to report it to.
    }
  }
}
