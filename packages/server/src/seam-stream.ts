/** What a program watches, told over one stream: each watch once, and none of it is missed while the stream lasts. */
import type { ServerResponse } from 'node:http'
import { EventStream } from './event-stream.ts'
import { problemOf } from './problem.ts'
import { Refusal } from './refusal.ts'

interface OpenWatch {
  readonly resource: string
  readonly ends: AbortController
}

const STREAMS_MAX = 1_000
const WATCHES_MAX = 10_000

export class SeamStreams {
  readonly #streams = new Map<string, SeamStream>()
  readonly #silenceMs: number

  /** A reader that takes nothing for `silenceMs` is let go. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs
  }

  open(outgoing: ServerResponse, instance: string): void {
    if (this.#streams.size >= STREAMS_MAX)
      throw new Refusal('LIMITED', `this server has ${STREAMS_MAX} streams already`)
    // It stands for the program that opened it, so it must not be guessed.
    const id = crypto.randomUUID()
    const stream = new SeamStream(outgoing, this.#silenceMs)
    this.#streams.set(id, stream)
    outgoing.once('close', () => {
      this.#streams.delete(id)
      stream.close()
    })
    stream.tell('begun', { stream: id, instance })
  }

  of(id: string): SeamStream {
    const stream = this.#streams.get(id)
    if (stream === undefined)
      throw new Refusal('WRONG_INSTANCE', 'there is no such stream: it ended, or is of another server')
    return stream
  }

  /** A store need not tell of an end that another program made. */
  hint(resource: string): void {
    for (const stream of this.#streams.values()) stream.hint(resource)
  }

  endAll(): void {
    for (const stream of this.#streams.values()) stream.end()
  }
}

export class SeamStream {
  readonly #events: EventStream
  readonly #watches = new Map<number, OpenWatch>()

  constructor(outgoing: ServerResponse, silenceMs: number) {
    this.#events = new EventStream({ outgoing, silenceMs, paceMs: 0 })
  }

  tell(key: string, data: object): void {
    this.#events.put(key, { event: () => 'told', data: () => data })
  }

  /** Tells what the work resolves to. */
  begin(watch: number, resource: string, work: (signal: AbortSignal) => Promise<object>): void {
    if (this.#watches.size >= WATCHES_MAX) throw new Refusal('LIMITED', `a stream has at most ${WATCHES_MAX} watches`)
    const ends = new AbortController()
    const open = { resource, ends }
    this.#watches.set(watch, open)
    const told = (data: object): void => {
      if (this.#watches.get(watch) !== open) return
      this.#watches.delete(watch)
      this.tell(String(watch), { watch, ...data })
    }
    work(ends.signal).then(told, (error: unknown) => told({ problem: problemOf(error) }))
  }

  forget(watch: number): void {
    this.#watches.get(watch)?.ends.abort()
    this.#watches.delete(watch)
  }

  hint(resource: string): void {
    for (const [watch, open] of this.#watches) {
      if (open.resource !== resource) continue
      this.forget(watch)
      this.tell(String(watch), { watch, hint: true })
    }
  }

  close(): void {
    for (const watch of this.#watches.keys()) this.forget(watch)
  }

  end(): void {
    this.#events.end()
  }
}
