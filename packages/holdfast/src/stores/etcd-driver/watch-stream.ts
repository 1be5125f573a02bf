/** All watches of a connection on one stream: each begins now, or behind a revision, and ends by itself or with the stream. */
import type { MessageCodec } from './message.ts'
import { watchAnswer, type WatchCreation, type WatchEvent, watchRequest } from './messages.ts'
import type { GrpcStream } from './connection.ts'

export interface EventHandlers {
  /** From now on no event is missed. */
  onCreated(): void
  onEvents(events: readonly WatchEvent[], revision: bigint): void
  /** No event comes any more, and some may have been missed. Once. */
  onLost(): void
}

/** The number stands for a watch on this stream. */
export type WatchPlace = Omit<WatchCreation, 'watchId'>

/** Opens the stream with what it is to do with its messages, and with its end. */
type OpenStream = (onMessage: (message: Uint8Array) => void, onEnd: () => void) => GrpcStream

export class WatchStream {
  readonly #codec: MessageCodec
  readonly #stream: GrpcStream
  readonly #watches = new Map<bigint, EventHandlers>()
  #lastId = 0n
  #isOpen = true

  constructor(codec: MessageCodec, open: OpenStream) {
    this.#codec = codec
    this.#stream = open(
      (message) => this.#hear(message),
      () => this.#lose(),
    )
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Returns what ends the watch. */
  add(place: WatchPlace, handlers: EventHandlers): () => void {
    this.#lastId += 1n
    const watchId = this.#lastId
    this.#watches.set(watchId, handlers)
    this.#stream.write(this.#codec.encode(watchRequest, { create: { ...place, watchId } }))
    return () => {
      if (!this.#watches.delete(watchId) || !this.#isOpen) return
      this.#stream.write(this.#codec.encode(watchRequest, { cancel: { watchId } }))
    }
  }

  #hear(message: Uint8Array): void {
    const answer = this.#codec.decode(watchAnswer, message)
    const handlers = this.#watches.get(answer.watchId)
    // One that was refused has no number: all of them are asked for anew.
    if (answer.canceled && answer.created && handlers === undefined) return this.#stream.end()
    if (handlers === undefined) return
    if (answer.canceled) {
      this.#watches.delete(answer.watchId)
      handlers.onLost()
      return
    }
    if (answer.created) handlers.onCreated()
    if (answer.events.length > 0) handlers.onEvents(answer.events, answer.header?.revision ?? 0n)
  }

  #lose(): void {
    this.#isOpen = false
    for (const [watchId, { onLost }] of this.#watches) {
      this.#watches.delete(watchId)
      onLost()
    }
  }
}
