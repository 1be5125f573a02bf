/** What can be watched from outside: typed events, each also published on a diagnostics channel `holdfast:<event>`. */
import { channel } from 'node:diagnostics_channel'
import { Misuse } from '../store/errors.ts'
import type { EventMap, EventName } from '../lease/events.ts'

export type Listener<Name extends EventName> = (event: EventMap[Name]) => void

type Listeners = { readonly [Name in EventName]: Set<Listener<Name>> }

const channels = {
  facts: channel('holdfast:facts'),
  trouble: channel('holdfast:trouble'),
  opening: channel('holdfast:opening'),
  waiting: channel('holdfast:waiting'),
  acquired: channel('holdfast:acquired'),
  refused: channel('holdfast:refused'),
  renewed: channel('holdfast:renewed'),
  jeopardy: channel('holdfast:jeopardy'),
  lost: channel('holdfast:lost'),
  released: channel('holdfast:released'),
} as const

export class Events {
  readonly #listeners: Listeners = {
    facts: new Set(),
    trouble: new Set(),
    opening: new Set(),
    waiting: new Set(),
    acquired: new Set(),
    refused: new Set(),
    renewed: new Set(),
    jeopardy: new Set(),
    lost: new Set(),
    released: new Set(),
  }
  readonly #onListenerError: (name: EventName, error: unknown) => void

  constructor(onListenerError: (name: EventName, error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  /** Calls the listener for each event until the returned function is called. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    if (!Object.hasOwn(this.#listeners, name) || typeof listener !== 'function') {
      throw new Misuse(`on() takes one of the events ${Object.keys(this.#listeners).join(', ')} and a function`)
    }
    this.#listeners[name].add(listener)
    return () => void this.#listeners[name].delete(listener)
  }

  /** A listener that fails is reported to the logger; it disturbs neither the lock nor the other listeners. */
  emit<Name extends EventName>(name: Name, event: EventMap[Name]): void {
    for (const listener of this.#listeners[name]) {
      try {
        // A listener may be an async function all the same, and its rejection would end the process.
        const result: unknown = listener(event)
        if (result instanceof Promise) result.catch((error: unknown) => this.#report(name, error))
      } catch (error) {
        this.#report(name, error)
      }
    }
    if (channels[name].hasSubscribers) channels[name].publish(event)
  }

  /** The logger is code of the caller too. */
  #report(name: EventName, error: unknown): void {
    try {
      this.#onListenerError(name, error)
    } catch {
      // Nothing is left to report it to.
    }
  }
}
