/** Values as ZooKeeper writes them, one behind the other: numbers of four and eight bytes, texts and bytes behind their length. */

/** What no ZooKeeper sends. The connection that it came over is of no use any more. */
export class MalformedAnswer extends Error {
  override readonly name: string = 'MalformedAnswer'
}

export class ValueWriter {
  readonly #parts: Buffer[] = []

  int(value: number): this {
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeInt32BE(value)
    this.#parts.push(bytes)
    return this
  }

  long(value: bigint): this {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64BE(value)
    this.#parts.push(bytes)
    return this
  }

  flag(value: boolean): this {
    this.#parts.push(Buffer.from([value ? 1 : 0]))
    return this
  }

  bytes(value: Uint8Array): this {
    this.int(value.length)
    this.#parts.push(Buffer.from(value))
    return this
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value))
  }

  texts(values: readonly string[]): this {
    this.int(values.length)
    for (const value of values) this.text(value)
    return this
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

export class ValueReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get leftBytes(): number {
    return this.#bytes.length - this.#at
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#pass(4))
  }

  long(): bigint {
    return this.#bytes.readBigInt64BE(this.#pass(8))
  }

  flag(): boolean {
    const byte = this.#bytes[this.#pass(1)]
    if (byte !== 0 && byte !== 1) throw new MalformedAnswer(`a flag was ${byte}`)
    return byte === 1
  }

  /** A copy: what was read is kept longer than the packet. */
  bytes(): Buffer {
    const length = this.int()
    // A null, which is written so.
    if (length === -1) return Buffer.alloc(0)
    const from = this.#pass(length)
    return Buffer.from(this.#bytes.subarray(from, from + length))
  }

  text(): string {
    return this.bytes().toString()
  }

  texts(): readonly string[] {
    const count = this.int()
    // Each is at least its length: a count that cannot be is refused before room is made for it.
    if (count < -1 || count * 4 > this.leftBytes) throw new MalformedAnswer(`a list had ${count} texts`)
    return Array.from({ length: Math.max(0, count) }, () => this.text())
  }

  end(): void {
    if (this.leftBytes !== 0) throw new MalformedAnswer(`${this.leftBytes} bytes came behind an answer`)
  }

  #pass(length: number): number {
    if (length < 0 || length > this.leftBytes) {
      throw new MalformedAnswer(`${length} bytes were announced and ${this.leftBytes} came`)
    }
    const from = this.#at
    this.#at += length
    return from
  }
}
