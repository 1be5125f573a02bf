/** Commands with a deadline of our own, because no driver gives up on a server that is frozen; and scripts by their hash. */
import { TimerQueue, type Timers } from '../../time/timer-queue.ts'
import { answerWithin } from '../../time/call-limit.ts'
import type { Clock } from '../../time/clock.ts'
import { NotApplied, OutcomeUnknown } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { RedisDriver } from './driver.ts'
import { codeWordOf, type EngineError, engineError, type FailedCall, unanswered } from './errors.ts'
import type { Script } from './script.ts'

const ALARMS_AT_ONCE_MAX = 1_000

export function timersOf(clock: Clock): Timers {
  return new TimerQueue<() => void>(clock, {
    batchMax: ALARMS_AT_ONCE_MAX,
    due: (alarms) => alarms.forEach((alarm) => alarm()),
  })
}

export class Connection {
  readonly port: RedisDriver
  readonly #alarms: Timers

  constructor(port: RedisDriver, clock: Clock) {
    this.port = port
    this.#alarms = timersOf(clock)
  }

  /** Rejects with `NotApplied`, `OutcomeUnknown` or `StoreUnavailable` and nothing else. */
  async command(what: string, words: readonly string[], key?: string): Promise<unknown> {
    try {
      return await this.#send(what, words, key)
    } catch (error) {
      throw this.#meant(error, what, {})
    }
  }

  /** A server that was restarted, or told to forget its scripts, gets the text again; it did nothing before. */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args]
    const [key] = keys
    try {
      return await this.#send(script.name, ['EVALSHA', script.sha, ...rest], key)
    } catch (error) {
      if (codeWordOf(error) !== 'NOSCRIPT') throw this.#meant(error, script.name, { script: script.text, keys })
    }
    try {
      return await this.#send(script.name, ['EVAL', script.text, ...rest], key)
    } catch (error) {
      throw this.#meant(error, script.name, { script: script.text, keys })
    }
  }

  /** Bounds what is no command, such as a subscription. */
  async bounded<T>(what: string, call: Promise<T>): Promise<T> {
    try {
      return await this.#answered(what, call)
    } catch (error) {
      throw engineError(error, what, { trouble: this.port.trouble?.() })
    }
  }

  #meant(error: unknown, what: string, call: FailedCall): EngineError {
    const meant = engineError(error, what, { ...call, trouble: this.port.trouble?.() })
    if (!(meant instanceof NotApplied) || this.port.resends !== true) return meant
    return new OutcomeUnknown(`${meant.message}, or was not when it was asked again`, { cause: meant.cause })
  }

  #send(what: string, words: readonly string[], key: string | undefined): Promise<unknown> {
    return this.#answered(what, this.port.send(words, key))
  }

  /** Silence has a reason, when the driver has said what is wrong with its connection. */
  #answered<T>(what: string, call: Promise<T>): Promise<T> {
    return answerWithin(this.#alarms, call, ATTEMPT_MS_MAX, what).catch((error: unknown) => {
      const trouble = this.port.trouble?.()
      throw error instanceof OutcomeUnknown && trouble !== undefined ? unanswered(error, trouble) : error
    })
  }
}
