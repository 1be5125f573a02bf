/** Commands with a deadline of our own, because no driver gives up on a server that is frozen; and scripts by their hash. */
import { TimerQueue, type Timers } from '../../time/timer-queue.ts'
import { answerWithin, noAnswer } from '../../time/call-limit.ts'
import type { Clock } from '../../time/clock.ts'
import { NotApplied, OutcomeUnknown, type StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { ConnectedDriver, RedisDriver } from './driver.ts'
import { codeWordOf, type EngineError, engineError, type FailedCall, unanswered } from './errors.ts'
import { type SentCommand, SilenceWatch } from './silence.ts'
import type { Script } from './script.ts'

const ALARMS_AT_ONCE_MAX = 1_000

export function timersOf(clock: Clock): Timers {
  return new TimerQueue<() => void>(clock, {
    batchMax: ALARMS_AT_ONCE_MAX,
    due: (alarms) => alarms.forEach((alarm) => alarm()),
  })
}

/** For a connection that is looked after: one that falls silent is replaced. */
export interface ConnectionUpkeep {
  /** One more connection to the same server. @default the one that the driver makes, where it can */
  readonly another?: ((signal: AbortSignal) => Promise<ConnectedDriver>) | undefined
  /** Ends the driver that was given, once another one has taken its place. @default it is left alone */
  readonly release?: (() => void) | undefined
  /** The next command may reach another server, and what is in flight may be sent again. */
  onDisconnect(): void
  /** What is wrong with a connection, or was until it was replaced. */
  report(trouble: StoreUnavailable): void
}

export class Connection {
  readonly #clock: Clock
  readonly #alarms: Timers
  readonly #upkeep: ConnectionUpkeep | undefined
  readonly #silence: SilenceWatch | undefined
  #port: RedisDriver
  #stopListening: (() => void) | undefined
  #closeReplacement: (() => void) | undefined

  constructor(port: RedisDriver, clock: Clock, upkeep?: ConnectionUpkeep) {
    this.#port = port
    this.#clock = clock
    this.#alarms = timersOf(clock)
    this.#upkeep = upkeep
    if (upkeep === undefined) return
    this.#stopListening = port.onDisconnect?.(() => this.#disconnected())
    this.#silence = new SilenceWatch({
      clock,
      another: upkeep.another ?? port.another?.bind(port),
      bounded: (call) => answerWithin(this.#alarms, call, ATTEMPT_MS_MAX, 'another connection'),
      replace: (by) => this.#replace(by),
      report: (trouble) => upkeep.report(trouble),
    })
  }

  /** The driver that is used now. */
  get port(): RedisDriver {
    return this.#port
  }

  /** Whether a command that was answered may have been sent twice. `hasEnded`: a connection did, while it was in flight. */
  mayDouble(hasEnded: boolean): boolean {
    return this.#port.resends === true && (hasEnded || this.#port.onDisconnect === undefined)
  }

  /** Ends what was made here; the driver that was given is left alone. */
  close(): void {
    this.#silence?.close()
    this.#stopListening?.()
    this.#closeReplacement?.()
  }

  /** Rejects with `NotApplied`, `OutcomeUnknown` or `StoreUnavailable` and nothing else. */
  async command(what: string, words: readonly string[], key?: string): Promise<unknown> {
    try {
      return await this.#send(what, words, key)
    } catch (error) {
      throw this.#translated(error, what, {})
    }
  }

  /** A server that was restarted, or told to forget its scripts, gets the text again; it did nothing before. */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const [key] = keys
    try {
      return await this.#send(script.name, ['EVALSHA', script.sha, String(keys.length)].concat(keys, args), key)
    } catch (error) {
      if (codeWordOf(error) !== 'NOSCRIPT') throw this.#translated(error, script.name, { script: script.text, keys })
    }
    // A server that does not know it may be another one than before.
    this.#upkeep?.onDisconnect()
    try {
      return await this.#send(script.name, ['EVAL', script.text, String(keys.length)].concat(keys, args), key)
    } catch (error) {
      throw this.#translated(error, script.name, { script: script.text, keys })
    }
  }

  /** Bounds what is no command, such as a subscription. */
  async bounded<T>(what: string, call: Promise<T>): Promise<T> {
    try {
      return await answerWithin(this.#alarms, call, ATTEMPT_MS_MAX, what)
    } catch (cause) {
      const error = this.#explained(cause)
      throw engineError(error, what, { trouble: this.#port.trouble?.() })
    }
  }

  #translated(error: unknown, what: string, call: FailedCall): EngineError {
    const meant = engineError(error, what, { ...call, trouble: this.#port.trouble?.() })
    if (!(meant instanceof NotApplied) || this.#port.resends !== true) return meant
    return new OutcomeUnknown(`${meant.message}, or was not when it was asked again`, { cause: meant.cause })
  }

  /** One promise for the answer, our own deadline, and the end of the connection. */
  #send(what: string, words: readonly string[], key: string | undefined): Promise<unknown> {
    const isSent = this.#port.resends !== true && this.#port.isConnected?.() === true
    const sentAtMs = this.#clock.monotonicMs()
    const call = this.#port.send(words, key)
    return new Promise((resolve, reject) => {
      const giveUp = (error: unknown): void => {
        this.#alarms.cancel(alarm)
        reject(this.#explained(error))
      }
      const alarm = this.#alarms.add(() => giveUp(noAnswer(what, ATTEMPT_MS_MAX)), sentAtMs + ATTEMPT_MS_MAX)
      const command: SentCommand = { sentAtMs, key, isSent, reject: giveUp }
      this.#silence?.sent(command)
      call.then(
        (answer) => {
          this.#silence?.answered(command)
          this.#alarms.cancel(alarm)
          resolve(answer)
        },
        (error: unknown) => {
          this.#silence?.answered(command)
          giveUp(error)
        },
      )
    })
  }

  /** Silence has a reason, when the driver has said what is wrong with its connection. */
  #explained(error: unknown): unknown {
    const trouble = this.#port.trouble?.()
    return error instanceof OutcomeUnknown && trouble !== undefined ? unanswered(error, trouble) : error
  }

  #replace({ port, close }: ConnectedDriver): void {
    this.#stopListening?.()
    const release = this.#closeReplacement ?? this.#upkeep?.release
    release?.()
    this.#port = port
    this.#closeReplacement = close
    this.#stopListening = port.onDisconnect?.(() => this.#disconnected())
    this.#upkeep?.onDisconnect()
  }

  #disconnected(): void {
    this.#silence?.disconnected()
    this.#upkeep?.onDisconnect()
  }
}
