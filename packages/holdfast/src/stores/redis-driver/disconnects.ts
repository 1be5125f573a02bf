/**
 * Tells when a client lost a connection for commands. One listener an event for each client, however many stores stand on
 * it, because drivers warn of more than ten.
 */

/** The part of all drivers' clients that is used. */
export interface DisconnectingClient {
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

type DisconnectListener = () => void

class Disconnects {
  readonly #client: DisconnectingClient
  readonly #events: readonly string[]
  readonly #listeners = new Set<DisconnectListener>()

  constructor(client: DisconnectingClient, events: readonly string[]) {
    this.#client = client
    this.#events = events
  }

  /** Returns what ends it. */
  listen(listener: DisconnectListener): () => void {
    if (this.#listeners.size === 0) for (const event of this.#events) this.#client.on(event, this.#tell)
    this.#listeners.add(listener)
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
      for (const event of this.#events) this.#client.off(event, this.#tell)
    }
  }

  readonly #tell = (): void => {
    for (const listener of this.#listeners) listener()
  }
}

const known = new WeakMap<DisconnectingClient, Disconnects>()

/** `events`: those by which this client says that a connection ended. */
export function onDisconnectOf(
  client: DisconnectingClient,
  events: readonly string[],
): (listener: () => void) => () => void {
  return (listener) => {
    let disconnects = known.get(client)
    if (disconnects === undefined) known.set(client, (disconnects = new Disconnects(client, events)))
    return disconnects.listen(listener)
  }
}
