/**
 * Events for one reader (SSE): the newest of each key, written only while the reader takes them. A slow one costs the memory
 * of one event and the names that changed, and one that takes nothing is let go, because it would be told of the past.
 */
import type { ServerResponse } from 'node:http'

/** Both are made when the event is written, so that what is replaced before costs nothing. */
export interface StreamEvent {
  event(): string
  data(): unknown
}

export interface EventStreamOptions {
  readonly outgoing: ServerResponse
  /** A reader that takes nothing for so long is let go. */
  readonly silenceMs: number
  /** Where a reader that comes back goes on, when it heard all that is due. @default none: it begins anew */
  readonly place?: () => string
  /** What changes again is told no sooner, in ms. @default 100 */
  readonly paceMs?: number
}

/** Proxies cut what is silent. */
const BEAT_MS = 15_000
const PACE_MS = 100
/** Readers that lost one server must not come to the next one in one moment. */
const RETRY_MS = { min: 500, max: 1_500 } as const
const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  // A proxy would otherwise collect what it should pass on.
  'X-Accel-Buffering': 'no',
} as const

export class EventStream {
  readonly #outgoing: ServerResponse
  readonly #silenceMs: number
  readonly #place: (() => string) | undefined
  readonly #paceMs: number
  readonly #due = new Map<string, StreamEvent>()
  readonly #beats: NodeJS.Timeout
  #silence: NodeJS.Timeout | undefined
  #pace: NodeJS.Timeout | undefined
  #isOver = false

  constructor({ outgoing, silenceMs, place, paceMs = PACE_MS }: EventStreamOptions) {
    this.#outgoing = outgoing
    this.#silenceMs = silenceMs
    this.#place = place
    this.#paceMs = paceMs
    this.#beats = setInterval(() => this.#write(': beat\n\n'), BEAT_MS)
    outgoing.writeHead(200, HEADERS)
    outgoing.on('drain', () => this.#drained())
    outgoing.once('close', () => this.#stop())
    this.#write(`retry: ${Math.round(RETRY_MS.min + Math.random() * (RETRY_MS.max - RETRY_MS.min))}\n\n`)
  }

  /** Replaces what was put under this key and is not written yet. */
  put(key: string, event: StreamEvent): void {
    if (this.#isOver) return
    this.#due.set(key, event)
    // Turns that follow one another at once are told as one.
    if (this.#pace === undefined) queueMicrotask(() => this.#flush())
  }

  /** Writes what is due and ends the stream. A reader that does not take it is let go. */
  end(): void {
    if (this.#isOver) return
    if (this.#silence === undefined) this.#writeDue()
    this.#stop()
    this.#outgoing.end()
  }

  /** What comes while the reader is behind is written when it caught up. */
  #flush(): void {
    if (this.#isOver || this.#pace !== undefined || this.#silence !== undefined || this.#due.size === 0) return
    this.#writeDue()
    this.#pace = setTimeout(() => {
      this.#pace = undefined
      this.#flush()
    }, this.#paceMs)
  }

  #writeDue(): void {
    for (const [key, { event, data }] of this.#due) {
      this.#due.delete(key)
      // A reader that went away in between has not heard the rest, so the place where it goes on is behind all of it.
      const place = this.#place === undefined || this.#due.size > 0 ? '' : `id: ${this.#place()}\n`
      if (!this.#write(`${place}event: ${event()}\ndata: ${JSON.stringify(data())}\n\n`)) return
    }
  }

  #write(text: string): boolean {
    if (this.#silence !== undefined || this.#isOver) return false
    if (this.#outgoing.write(text)) return true
    this.#silence = setTimeout(() => this.#outgoing.destroy(), this.#silenceMs)
    return false
  }

  #drained(): void {
    clearTimeout(this.#silence)
    this.#silence = undefined
    // The rest of what was due has waited for the reader and not for the pace.
    if (this.#due.size > 0) this.#writeDue()
  }

  #stop(): void {
    this.#isOver = true
    clearInterval(this.#beats)
    clearTimeout(this.#silence)
    clearTimeout(this.#pace)
    this.#due.clear()
  }
}
