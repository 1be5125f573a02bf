/** The frames of gRPC: a flag, the length in four bytes, and one message. */

const HEAD_BYTES = 5
/** A line of as many claims as one may have, each with the longest note. */
export const MESSAGE_BYTES_MAX: number = 64 * 1024 * 1024

export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, HEAD_BYTES)
  return frame
}

/** Puts messages together from chunks as they come. Throws for what can be no frame of an etcd. */
export class FrameReader {
  readonly #onMessage: (message: Uint8Array) => void
  #chunks: Buffer[] = []
  #bytes = 0
  #wanted = HEAD_BYTES

  constructor(onMessage: (message: Uint8Array) => void) {
    this.#onMessage = onMessage
  }

  /** Whether nothing is left of a message that began. */
  get isBetweenMessages(): boolean {
    return this.#bytes === 0
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes < this.#wanted) return
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    this.#wanted = HEAD_BYTES
    while (rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + lengthIn(rest)
      if (rest.length < end) {
        this.#wanted = end
        break
      }
      this.#onMessage(rest.subarray(HEAD_BYTES, end))
      rest = rest.subarray(end)
    }
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#bytes = rest.length
  }
}

function lengthIn(frame: Buffer): number {
  if (frame[0] !== 0) throw new RangeError('a message came compressed, which was not asked for')
  const length = frame.readUInt32BE(1)
  if (length > MESSAGE_BYTES_MAX) {
    throw new RangeError(`a message of ${length} bytes came; at most ${MESSAGE_BYTES_MAX} are taken`)
  }
  return length
}
