/** Packets: the length in four bytes, and what it counts. */
import { MalformedAnswer } from './bytes.ts'

const HEAD_BYTES = 4
/** A server bounds what it is sent (`jute.maxbuffer`), not what it answers: a line of 10,000 claims is far below this. */
export const PACKET_BYTES_MAX: number = 16 * 1024 * 1024

export function packetOf(body: Buffer): Buffer {
  const packet = Buffer.allocUnsafe(HEAD_BYTES + body.length)
  packet.writeInt32BE(body.length)
  body.copy(packet, HEAD_BYTES)
  return packet
}

/** Puts packets together from chunks as they come. */
export class PacketReader {
  #chunks: Buffer[] = []
  #bytes = 0
  #wanted = HEAD_BYTES

  /** The bodies that are whole now. Throws for a length that no packet has, before room is made for it. */
  push(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes < this.#wanted) return []
    const bodies: Buffer[] = []
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    this.#wanted = HEAD_BYTES
    while (rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + lengthIn(rest)
      if (rest.length < end) {
        this.#wanted = end
        break
      }
      bodies.push(rest.subarray(HEAD_BYTES, end))
      rest = rest.subarray(end)
    }
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#bytes = rest.length
    return bodies
  }
}

function lengthIn(packet: Buffer): number {
  const length = packet.readInt32BE()
  if (length < 0 || length > PACKET_BYTES_MAX) {
    throw new MalformedAnswer(`a packet of ${length} bytes was announced; at most ${PACKET_BYTES_MAX} are taken`)
  }
  return length
}
