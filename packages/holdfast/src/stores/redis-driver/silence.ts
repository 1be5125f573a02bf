/**
 * Judges a connection, not only its commands: one whose peer was forgotten by a router, or by the machine that it stood on,
 * answers nothing any more and does not end for many minutes. When a command has been without an answer for a while and
 * another is sent, one more connection is made; if the server answers on that one and still not on the first, it takes its
 * place. A server that is slow, or frozen, answers on neither, and nothing is replaced.
 */
import type { Clock } from '../../time/clock.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { ConnectedDriver, RedisDriver } from './driver.ts'
import { codeWordOf } from './errors.ts'

/** Long for an answer, and short for a lease. */
const SILENCE_MS = 1_000
/** Between two attempts to find out whether the server answers elsewhere. */
const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 30_000
/** What the first answer of the new connection leaves the old one to answer as well. */
const COMPARISONS = 2

/** A command that was sent. */
export interface SentCommand {
  readonly sentAtMs: number
  readonly key: string | undefined
  /** It went to the server at once: when the connection ends its answer will not come. */
  readonly isSent: boolean
  /** Gives it up. */
  reject(error: OutcomeUnknown): void
}

export interface SilenceOptions {
  readonly clock: Clock
  /** One more connection to the same server; gives up when the signal aborts. `undefined` where none can be made. */
  readonly another: ((signal: AbortSignal) => Promise<ConnectedDriver>) | undefined
  /** The answer of a call, or a rejection when none comes in time. */
  bounded<T>(call: Promise<T>): Promise<T>
  /** From now on commands go there, and what is unanswered is given up. */
  replace(by: ConnectedDriver): void
  /** What is wrong, or was. */
  report(trouble: StoreUnavailable): void
}

export class SilenceWatch {
  readonly #options: SilenceOptions
  readonly #unanswered = new Set<SentCommand>()
  #isTrying = false
  #tryAtMs = 0
  #retryMs = RETRY_MS_MIN
  #isReported = false
  #isClosed = false

  constructor(options: SilenceOptions) {
    this.#options = options
  }

  /** It is without an answer until `answered`, and given up when the connection ends or is replaced before. */
  sent(command: SentCommand): void {
    this.#look(command.sentAtMs)
    this.#unanswered.add(command)
  }

  answered(command: SentCommand): void {
    this.#unanswered.delete(command)
    this.#isReported = false
  }

  /** The connection ended, and nothing is sent again. ioredis keeps silent about what was in flight then. */
  disconnected(): void {
    for (const unanswered of this.#unanswered) {
      if (!unanswered.isSent) continue
      this.#unanswered.delete(unanswered)
      unanswered.reject(new OutcomeUnknown('the connection to Redis ended before the answer came'))
    }
  }

  close(): void {
    this.#isClosed = true
  }

  #look(nowMs: number): void {
    const [oldest] = this.#unanswered
    if (oldest === undefined || nowMs - oldest.sentAtMs < SILENCE_MS || this.#isTrying || nowMs < this.#tryAtMs) return
    this.#isTrying = true
    void this.#compare(oldest).finally(() => {
      this.#isTrying = false
      this.#tryAtMs = this.#options.clock.monotonicMs() + this.#retryMs
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX)
    })
  }

  async #compare(suspect: SentCommand): Promise<void> {
    const { another, bounded, clock } = this.#options
    const other = await this.#connected(another)
    const isElsewhere = other !== undefined && (await answers(other.port, suspect.key, bounded))
    const silentMs = Math.round(clock.monotonicMs() - suspect.sentAtMs)
    if (!this.#unanswered.has(suspect) || this.#isClosed) {
      this.#retryMs = RETRY_MS_MIN
      other?.close()
    } else if (other !== undefined && isElsewhere) {
      this.#replace(other, silentMs)
    } else {
      other?.close()
      if (silentMs > ATTEMPT_MS_MAX) this.#reportSilence(silentMs)
    }
  }

  /** One that comes after we gave up waiting for it must not stay. */
  async #connected(another: SilenceOptions['another']): Promise<ConnectedDriver | undefined> {
    const patience = new AbortController()
    const connecting = another?.(patience.signal)
    try {
      return connecting === undefined ? undefined : await this.#options.bounded(connecting)
    } catch {
      patience.abort()
      connecting?.then(
        (late) => late.close(),
        () => undefined,
      )
      return undefined
    }
  }

  #replace(other: ConnectedDriver, silentMs: number): void {
    const given = [...this.#unanswered]
    this.#unanswered.clear()
    this.#retryMs = RETRY_MS_MIN
    this.#options.replace(other)
    const words = `no answer on a connection to Redis for ${silentMs} ms, and the server answers on another one`
    for (const { reject } of given) reject(new OutcomeUnknown(`${words}, which has taken its place`))
    this.#options.report(new StoreUnavailable(`${words}: the new one is used from now on`))
  }

  #reportSilence(silentMs: number): void {
    if (this.#isReported) return
    this.#isReported = true
    this.#options.report(
      new StoreUnavailable(
        `no answer from Redis for ${silentMs} ms, and none on another connection: check that it runs, and the way to it`,
      ),
    )
  }
}

/** An error that the server says is an answer too. Asked where the silent command went, and twice. */
async function answers(
  port: RedisDriver,
  key: string | undefined,
  bounded: SilenceOptions['bounded'],
): Promise<boolean> {
  const words = key === undefined ? ['TIME'] : ['PTTL', key]
  for (let asked = 0; asked < COMPARISONS; asked += 1) {
    const isAnswer = await bounded(port.send(words, key)).then(
      () => true,
      (error: unknown) => codeWordOf(error) !== undefined,
    )
    if (!isAnswer) return false
  }
  return true
}
