/**
 * What a driver says of its connection while it has none: a command that waits for a connection fails in silence, and only
 * the events of the client tell why. Listens for so long only, because a client that was handed in belongs to the caller.
 */

/** The part of both drivers' clients that is used. */
interface Telling {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'ready', listener: () => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'ready', listener: () => void): unknown
}

/** One listener for each client, however many stores stand on it: drivers warn of more than ten. */
const known = new WeakMap<Telling, LastWords>()

export function lastWordsOf(client: Telling): LastWords {
  let words = known.get(client)
  if (words === undefined) known.set(client, (words = new LastWords(client)))
  return words
}

export class LastWords {
  readonly #client: Telling
  #isListening = false
  #last: unknown

  constructor(client: Telling) {
    this.#client = client
  }

  /** `undefined` as soon as the client is connected. */
  get last(): unknown {
    return this.#last
  }

  /** From now on until the client is connected. To be called with each command that is sent without a connection. */
  listen(): void {
    if (this.#isListening) return
    this.#isListening = true
    const client = this.#client
    const onError = (error: Error): void => {
      this.#last = error
    }
    const onReady = (): void => {
      client.off('error', onError)
      client.off('ready', onReady)
      this.#isListening = false
      this.#last = undefined
    }
    client.on('error', onError)
    client.on('ready', onReady)
  }
}
