/**
 * One of the servers: its connections, its clock as seen from here, and how it fares. It may be away when the store
 * opens and at any time later; it is used as soon as it is back. What it answers is for others to judge.
 */
import type { Clock } from '../../time/clock.ts'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import { Channels } from '../redis-driver/channels.ts'
import type { RedisDriver } from '../redis-driver/driver.ts'
import { Connection } from '../redis-driver/connection.ts'
import { type EngineError, engineError } from '../redis-driver/errors.ts'
import { type ServerFindings, probe } from '../redis-driver/probe.ts'
import type { Script } from '../redis-driver/script.ts'
import { keepsAll } from './durable.ts'
import { NODE_MS_MAX } from './limits.ts'
import { scripts } from './scripts.ts'

/** `close` ends what was opened for this store, and leaves alone what was handed in. */
export type OpenNode = () => Promise<{ readonly port: RedisDriver; close(): void }>

export interface NodeEvents {
  /** Throws when this server cannot be this node. */
  onFound(findings: ServerFindings): void
  onMessage(text: string): void
  /** Messages may have been lost. */
  onUp(): void
}

/** Between two attempts to connect to a server that was not there. */
const REOPEN_MS = 500
/** A node that is silent is asked for its vote this often, so that a frozen server does not gather a heap of questions. */
const SILENT_ASK_MS = 250
/** An answer that took longer says too little about the clock of the node. */
const CLOCK_SAMPLE_MS_MAX = 1_000
/** Clocks drift, by less than a millisecond in this time. */
const CLOCK_SAMPLE_LASTS_MS = 10_000

/** How much less an answer that took long counts with each quicker one after it. */
const FORGOTTEN_SHARE = 1 / 8

interface ClockSample {
  readonly low: number
  readonly high: number
  readonly tookMs: number
  readonly atMs: number
}

interface Link {
  readonly connection: Connection
  readonly channels: Channels
  findings: ServerFindings
  close(): void
}

export class RedisNode {
  readonly name: string
  readonly #openPort: OpenNode
  readonly #clock: Clock
  readonly #channel: string
  readonly #events: NodeEvents
  #link: Link | undefined
  #opening: Promise<Link> | undefined
  #trouble: EngineError = new StoreUnavailable('it has not been connected yet')
  #reopenAtMs = 0
  #isClosed = false
  #unanswered = 0
  #silentSinceMs: number | undefined
  #askSilentAtMs = 0
  #sample: ClockSample | undefined
  #latelyAheadUs: number | undefined

  constructor(name: string, openPort: OpenNode, channel: string, clock: Clock, events: NodeEvents) {
    this.name = name
    this.#openPort = openPort
    this.#clock = clock
    this.#channel = channel
    this.#events = events
  }

  get findings(): ServerFindings | undefined {
    return this.#link?.findings
  }

  /** Whether it surely has after a restart what it had before. Where that cannot be known it is not. */
  get keepsAll(): boolean {
    return this.#link !== undefined && keepsAll(this.#link.findings)
  }

  /** Its clock minus our monotonic one, in µs: it lies between these. From the quickest answer of the last while. */
  get aheadUs(): Pick<ClockSample, 'low' | 'high'> | undefined {
    return this.#sample
  }

  /** The same at most, from the slowest of the last answers: what is sent now may be as long under way. */
  get latelyAheadUs(): number | undefined {
    return this.#latelyAheadUs
  }

  /** Connects, asks what it is, teaches it the scripts and listens. An opening that is under way is joined. */
  open(): Promise<Link> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  close(): void {
    this.#isClosed = true
    this.#link?.close()
    this.#link = undefined
  }

  /** One script. A server that forgot it gets the text. Rejects with the errors of the seam. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#ask((connection) => connection.run(script, keys, args))
  }

  /**
   * One script, sent once: a server that forgot it did nothing and gets it for the next time, because by the time the
   * text had come the attempt might be over and its votes given back.
   */
  async runOnce(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    this.#throwIfSilent()
    const words = ['EVALSHA', script.sha, String(keys.length), ...keys, ...args]
    try {
      return await this.#ask((connection) => connection.command(script.name, words))
    } catch (error) {
      if (error instanceof NotApplied && this.#link !== undefined) {
        void teach(this.#link.connection).catch(() => undefined)
      }
      throw error
    }
  }

  command(what: string, words: readonly string[]): Promise<unknown> {
    return this.#ask((connection) => connection.command(what, words))
  }

  async observe(channel: string, observer: () => void): Promise<() => void> {
    const link = this.#link
    if (link === undefined) throw this.#trouble
    return link.channels.observe(channel, observer)
  }

  /** An answer: asked at this moment of our clock, made at this time of the node. */
  noteClock(askedAtMs: number, nowUs: number): void {
    const answeredAtMs = this.#clock.monotonicMs()
    const tookMs = answeredAtMs - askedAtMs
    if (!(nowUs > 0) || (tookMs > CLOCK_SAMPLE_MS_MAX && this.#sample !== undefined)) return
    const sample = { low: nowUs - answeredAtMs * 1000, high: nowUs - askedAtMs * 1000, tookMs, atMs: answeredAtMs }
    const known = this.#sample
    const isSet = known !== undefined && (sample.low > known.high || sample.high < known.low)
    const lately = isSet ? sample.high : (this.#latelyAheadUs ?? sample.high)
    this.#latelyAheadUs = Math.max(sample.high, lately - (lately - sample.high) * FORGOTTEN_SHARE)
    if (known === undefined || isSet || tookMs <= known.tookMs || answeredAtMs - known.atMs > CLOCK_SAMPLE_LASTS_MS) {
      this.#sample = sample
    }
  }

  async #ask(send: (connection: Connection) => Promise<unknown>): Promise<unknown> {
    const { connection } = this.#linked()
    const askedAtMs = this.#clock.monotonicMs()
    this.#unanswered += 1
    this.#silentSinceMs ??= askedAtMs
    try {
      const answer = await send(connection)
      this.#unanswered -= 1
      this.#heard()
      return answer
    } catch (error) {
      this.#unanswered -= 1
      // No answer within the longest time that anything is waited for is silence; everything else is a sign of life.
      const isSilence =
        error instanceof OutcomeUnknown && this.#clock.monotonicMs() - askedAtMs >= ATTEMPT_MS_MAX - NODE_MS_MAX
      if (!isSilence) this.#heard()
      throw error
    }
  }

  #heard(): void {
    this.#silentSinceMs = this.#unanswered > 0 ? this.#clock.monotonicMs() : undefined
  }

  #throwIfSilent(): void {
    const nowMs = this.#clock.monotonicMs()
    if (this.#silentSinceMs === undefined || nowMs - this.#silentSinceMs < NODE_MS_MAX) return
    if (nowMs >= this.#askSilentAtMs) {
      this.#askSilentAtMs = nowMs + SILENT_ASK_MS
      return
    }
    throw new StoreUnavailable(`too slow: no answer for ${Math.round(nowMs - this.#silentSinceMs)} ms`)
  }

  /** A server that was away is looked for again when it is needed. */
  #linked(): Link {
    if (this.#link !== undefined) return this.#link
    const nowMs = this.#clock.monotonicMs()
    if (!this.#isClosed && this.#opening === undefined && nowMs >= this.#reopenAtMs) {
      this.open().catch(() => undefined)
    }
    throw this.#trouble
  }

  async #connect(): Promise<Link> {
    try {
      const link = await this.#makeLink()
      if (this.#isClosed) {
        link.close()
        throw new StoreUnavailable('the store was closed')
      }
      this.#link = link
      return link
    } catch (error) {
      this.#trouble = engineError(error, 'opening')
      this.#reopenAtMs = this.#clock.monotonicMs() + REOPEN_MS
      throw this.#trouble
    }
  }

  /** A server that was restarted may have been set up otherwise. */
  async #lookAgain(): Promise<void> {
    const link = this.#link
    if (link === undefined) return
    const { connection } = link
    const findings = await connection.bounded('looking again', probe(connection.port)).catch(() => undefined)
    if (findings !== undefined) link.findings = findings
  }

  async #makeLink(): Promise<Link> {
    const opened = await this.#openPort()
    const connection = new Connection(opened.port, this.#clock)
    const channels = new Channels(connection, {
      onMessage: (text) => this.#events.onMessage(text),
      onDown: () => undefined,
      onUp: () => {
        this.#events.onUp()
        void this.#lookAgain()
      },
    })
    const close = (): void => {
      channels.close()
      opened.close()
    }
    try {
      const [findings] = await Promise.all([
        connection.bounded('opening', probe(opened.port)),
        teach(connection),
        channels.open({ name: this.#channel, end: this.#channel }),
      ])
      this.#events.onFound(findings)
      return { connection, channels, findings, close }
    } catch (error) {
      close()
      throw error
    }
  }
}

async function teach(connection: Connection): Promise<void> {
  const texts = Object.values(scripts).map(({ text }) => text)
  await Promise.all(texts.map((text) => connection.command('opening', ['SCRIPT', 'LOAD', text])))
}
