/** One direction of one connection: a queue in order, where each item has its time. */
import type { Socket } from 'node:net'
import { type Direction, loses, type ProxyMode } from './mode.ts'

/** Above this the sender is told to wait, as a full socket would tell it. */
const QUEUED_BYTES_MAX = 1024 * 1024

export interface Tally {
  passedBytes: number
  lostBytes: number
  /** Delayed or held, now. */
  waitingBytes: number
}

interface Item {
  readonly dueMs: number
  /** Null is the end of the stream. */
  readonly bytes: Buffer | null
}

export class Lane {
  readonly #direction: Direction
  readonly #source: Socket
  readonly #target: Socket
  readonly #tally: Tally
  #mode: ProxyMode
  #queue: Item[] = []
  #queuedBytes = 0
  #lossy = false
  #timer: NodeJS.Timeout | undefined

  constructor(direction: Direction, source: Socket, target: Socket, start: { mode: ProxyMode; tally: Tally }) {
    this.#direction = direction
    this.#source = source
    this.#target = target
    this.#mode = start.mode
    this.#tally = start.tally
    source.on('data', (bytes: Buffer) => this.#arrived(bytes))
    source.on('end', () => this.#arrived(null))
    target.on('drain', () => this.#throttle())
    this.#throttle()
  }

  /** Something of this stream is gone for good, so that what follows would make no sense to the receiver. */
  get isBroken(): boolean {
    return this.#lossy && !loses(this.#mode, this.#direction)
  }

  apply(mode: ProxyMode): void {
    this.#mode = mode
    if (loses(mode, this.#direction)) {
      for (const { bytes } of this.#queue) this.#lose(bytes)
      this.#forget()
    }
    this.#flush()
    this.#throttle()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#forget()
  }

  #arrived(bytes: Buffer | null): void {
    if (loses(this.#mode, this.#direction)) return this.#lose(bytes)
    const dueMs = Math.max(performance.now() + this.#delayMs(), this.#queue.at(-1)?.dueMs ?? 0)
    this.#queue.push({ dueMs, bytes })
    this.#count(bytes?.length ?? 0)
    this.#flush()
    this.#throttle()
  }

  #forget(): void {
    this.#queue = []
    this.#count(-this.#queuedBytes)
  }

  #count(bytes: number): void {
    this.#queuedBytes += bytes
    this.#tally.waitingBytes += bytes
  }

  #delayMs(): number {
    return this.#mode.kind === 'delay' ? this.#mode.delayMs + Math.random() * (this.#mode.jitterMs ?? 0) : 0
  }

  #lose(bytes: Buffer | null): void {
    this.#lossy = true
    this.#tally.lostBytes += bytes?.length ?? 0
  }

  #flush(): void {
    clearTimeout(this.#timer)
    if (this.#mode.kind === 'hold') return
    for (let item = this.#queue[0]; item !== undefined; item = this.#queue[0]) {
      const waitMs = item.dueMs - performance.now()
      if (waitMs > 0) {
        // Timers count whole milliseconds and may be early by a part of one.
        this.#timer = setTimeout(() => this.#flushAndThrottle(), Math.ceil(waitMs))
        return
      }
      this.#queue.shift()
      this.#deliver(item.bytes)
    }
  }

  #flushAndThrottle(): void {
    this.#flush()
    this.#throttle()
  }

  #deliver(bytes: Buffer | null): void {
    if (bytes === null) {
      this.#target.end()
      return
    }
    this.#count(-bytes.length)
    this.#tally.passedBytes += bytes.length
    this.#target.write(bytes)
  }

  #throttle(): void {
    const full = this.#queuedBytes > QUEUED_BYTES_MAX || this.#target.writableNeedDrain
    if (full) this.#source.pause()
    else this.#source.resume()
  }
}
