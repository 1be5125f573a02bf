/** One stream of a server for everything that a client watches: each watch is told once, and all of them end with the stream. */
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import type { ScheduledItem } from '../../time/timer-queue.ts'
import { type Stamp, stampOf } from '../../time/clock.ts'
import { objectIn, textIn } from './answers.ts'
import type { SeamConnection } from './connection.ts'
import { problemIn, serverError, SeamRefusal } from './errors.ts'
import { SeamRequests } from './requests.ts'

export interface SeamWatch<Told> {
  readonly step: 'watch' | 'observe'
  readonly body: object
  /** The run of the server that has the claim, where that matters. */
  readonly instance: string | undefined
  /** What nothing told means: the signal aborted, or the stream broke and something may have been missed. */
  readonly ended: Told
  read(told: unknown, sentAt: Stamp): Told
}

interface OpenWatch {
  tell(told: Readonly<Record<string, unknown>>): void
  /** The stream is over. */
  end(): void
}

interface BegunStream {
  readonly id: string
  readonly instance: string
}

/** The server beats every 15 s, so after this nothing comes any more. */
const SILENCE_MS = 35_000
const WHAT = 'watching lines'

export class ToldWatches {
  readonly #connection: SeamConnection
  readonly #requests: SeamRequests
  readonly #environment: StoreEnvironment
  readonly #open = new Map<number, OpenWatch>()
  readonly #closing = new AbortController()
  #stream: Promise<BegunStream> | undefined
  #number = 0

  constructor(connection: SeamConnection, environment: StoreEnvironment) {
    this.#connection = connection
    // Claims do not follow the run of the server that has the stream.
    this.#requests = new SeamRequests(connection, environment, () => undefined)
    this.#environment = environment
  }

  /** Rejects where the server cannot be asked to watch. */
  async until<Told>(request: SeamWatch<Told>, signal: AbortSignal): Promise<Told> {
    if (signal.aborted) return request.ended
    const stream = await (this.#stream ??= this.#begin())
    if (signal.aborted) return request.ended
    if (request.instance !== undefined && request.instance !== stream.instance) {
      throw new StoreUnavailable('another server tells of changes than the one that has the claim')
    }
    const watch = (this.#number += 1)
    const { promise, resolve, reject } = Promise.withResolvers<Told>()
    const aborted = (): void => {
      resolve(request.ended)
      this.#forget(stream, watch)
    }
    const sentAt = stampOf(this.#environment.clock)
    this.#open.set(watch, {
      tell(told) {
        const problem = problemIn(told['problem'])
        if (problem === undefined) resolve(newsIn(request, told, sentAt))
        else reject(serverError(new SeamRefusal(problem), WHAT))
      },
      end: () => resolve(request.ended),
    })
    signal.addEventListener('abort', aborted, { once: true })
    this.#asked(request.step, { stream: stream.id, watch, ...request.body }, stream.instance).catch(reject)
    try {
      return await promise
    } finally {
      this.#open.delete(watch)
      signal.removeEventListener('abort', aborted)
    }
  }

  close(): void {
    this.#closing.abort()
    this.#endAll()
  }

  async #begin(): Promise<BegunStream> {
    const { timers, bounded } = this.#environment
    const silence = new AbortController()
    const giveUp = (): void => silence.abort(new OutcomeUnknown('nothing was heard for too long'))
    let heard: ScheduledItem<() => void> = timers.addIn(giveUp, SILENCE_MS)
    const begun = Promise.withResolvers<BegunStream>()
    const over = (error: unknown): void => {
      timers.cancel(heard)
      this.#stream = undefined
      begun.reject(error)
      this.#endAll()
    }
    const onLine = (line: string): void => {
      timers.cancel(heard)
      heard = timers.addIn(giveUp, SILENCE_MS)
      const told = toldIn(line)
      if (told?.['stream'] !== undefined)
        begun.resolve({ id: textIn(told['stream']), instance: textIn(told['instance']) })
      else if (told !== undefined) this.#open.get(Number(told['watch']))?.tell(told)
    }
    const signal = AbortSignal.any([this.#closing.signal, silence.signal])
    const ended = new StoreUnavailable(`${WHAT}: the stream of the Holdfast server ended`)
    this.#connection.follow('stream', signal, onLine).then((stream) => stream.over.then(() => over(ended), over), over)
    try {
      return await bounded(begun.promise, WHAT)
    } catch (error) {
      silence.abort(error)
      throw serverError(error, WHAT)
    }
  }

  #forget(stream: BegunStream, watch: number): void {
    // Else the server goes on with a watch that has no reader.
    if (!this.#closing.signal.aborted) {
      this.#asked('unwatch', { stream: stream.id, watch }, stream.instance).catch(() => undefined)
    }
  }

  async #asked(step: string, body: object, instance: string): Promise<void> {
    await this.#requests.ask(WHAT, { step, body, instance }, () => undefined)
  }

  #endAll(): void {
    for (const watch of this.#open.values()) watch.end()
  }
}

/** An event has one line of data, and what else stands in a stream of events is for the way. */
function toldIn(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('data: ')) return undefined
  return objectIn(JSON.parse(line.slice('data: '.length)))
}

/** What cannot be read says at least that there is news: ask again. */
function newsIn<Told>({ ended, read }: SeamWatch<Told>, told: Readonly<Record<string, unknown>>, sentAt: Stamp): Told {
  try {
    return told['hint'] === true ? ended : read(told['told'], sentAt)
  } catch {
    return ended
  }
}
