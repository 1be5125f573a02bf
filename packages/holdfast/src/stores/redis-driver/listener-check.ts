/**
 * Judges the connection that listens: one that died in silence hears nothing any more, and no command tells. It is asked by
 * a message of ours on a channel that it listens to: when a claim begins to wait, when a turn came without its message,
 * and again and again while something is waited for and nothing is heard.
 */
import type { Clock } from '../../time/clock.ts'
import type { ScheduledItem, Timers } from '../../time/timer-queue.ts'

/** As long as something was heard in this time, nothing is asked. */
const QUIET_MS = 5_000
/** How long a message of ours may take to come back, twice. */
const ECHO_MS = 1_000
const ECHOES = 2
/** Channels asked at once: where the server is a Cluster each line that is waited for has one. */
const ASKED_AT_ONCE_MAX = 32
const ECHO = 'echo|'

export interface ListenerCheckOptions {
  readonly clock: Clock
  readonly timers: Timers
  /** Publishes on a channel; resolves when the server has done so. */
  publish(channel: string, text: string): Promise<unknown>
  /** Nothing comes through, though the server publishes. */
  onDeaf(): void
}

interface Checked {
  /** How many watchers wait for messages there. */
  waiting: number
  heardAtMs: number
  /** Called with each message. */
  onHeard: (() => void) | undefined
}

export class ListenerCheck {
  readonly #options: ListenerCheckOptions
  readonly #channels = new Map<string, Checked>()
  #alarm: ScheduledItem<() => void> | undefined
  #waiting = 0
  #echoes = 0
  #isClosed = false

  constructor(options: ListenerCheckOptions) {
    this.#options = options
  }

  /** A message came. Whether it is one of ours that says nothing. */
  heard(channel: string, text: string): boolean {
    const checked = this.#channels.get(channel)
    if (checked !== undefined) {
      checked.heardAtMs = this.#options.clock.monotonicMs()
      checked.onHeard?.()
    }
    return text.startsWith(ECHO)
  }

  /** From now on a message on this channel is waited for, until the returned function is called. */
  wait(channel: string): () => void {
    const checked = this.#checked(channel)
    checked.waiting += 1
    this.#waiting += 1
    if (this.#isQuiet(checked)) this.ask(channel)
    this.#rouse()
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      checked.waiting -= 1
      this.#waiting -= 1
      if (checked.waiting === 0 && checked.onHeard === undefined) this.#channels.delete(channel)
      if (this.#waiting === 0) this.#rest()
    }
  }

  /** Finds out whether messages of this channel come through. */
  ask(channel: string): void {
    const checked = this.#checked(channel)
    if (checked.onHeard !== undefined || this.#isClosed) return
    void this.#ask(channel, checked)
  }

  close(): void {
    this.#isClosed = true
    this.#rest()
    for (const { onHeard } of this.#channels.values()) onHeard?.()
  }

  #checked(channel: string): Checked {
    let checked = this.#channels.get(channel)
    if (checked === undefined) {
      checked = { waiting: 0, heardAtMs: Number.NEGATIVE_INFINITY, onHeard: undefined }
      this.#channels.set(channel, checked)
    }
    return checked
  }

  async #ask(channel: string, checked: Checked): Promise<void> {
    let isHeard = false
    let hear: () => void = () => undefined
    checked.onHeard = () => {
      isHeard = true
      hear()
    }
    try {
      for (let asked = 0; asked < ECHOES && !isHeard; asked += 1) {
        await this.#options.publish(channel, `${ECHO}${(this.#echoes += 1)}`)
        if (isHeard || this.#isClosed) return
        await new Promise<void>((resolve) => {
          const alarm = this.#options.timers.addIn(() => this.#afterTurn(resolve), ECHO_MS)
          hear = () => {
            this.#options.timers.cancel(alarm)
            resolve()
          }
        })
      }
      if (!isHeard && !this.#isClosed) this.#options.onDeaf()
    } catch {
      // Without an answer to the command nothing is known of the connection that listens.
    } finally {
      checked.onHeard = undefined
      if (checked.waiting === 0) this.#channels.delete(channel)
    }
  }

  /** After a stall of this process the message may be there and not be read yet. */
  #afterTurn(resolve: () => void): void {
    this.#options.clock.schedule(0, resolve)
  }

  #isQuiet({ heardAtMs }: Checked): boolean {
    return this.#options.clock.monotonicMs() - heardAtMs > QUIET_MS
  }

  #rouse(): void {
    if (this.#alarm === undefined && !this.#isClosed) this.#alarm = this.#options.timers.addIn(this.#look, QUIET_MS)
  }

  #rest(): void {
    if (this.#alarm !== undefined) this.#options.timers.cancel(this.#alarm)
    this.#alarm = undefined
  }

  readonly #look = (): void => {
    this.#alarm = undefined
    const quiet = [...this.#channels].filter(([, checked]) => checked.waiting > 0 && this.#isQuiet(checked))
    quiet.sort(([, one], [, other]) => one.heardAtMs - other.heardAtMs)
    for (const [channel] of quiet.slice(0, ASKED_AT_ONCE_MAX)) this.ask(channel)
    if (this.#waiting > 0) this.#rouse()
  }
}
