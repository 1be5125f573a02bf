/** What one worker writes down, line by line as it happens: a killed process leaves a history that ends with its last step. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { type Detail, type HistoryEvent, type Operation, Recorder } from '@holdfast/testbed/history'
import { DEAD_ON_ARRIVAL } from '../../judge/record.ts'
import type { Failpoint } from './order.ts'
import type { Grant, Notes } from './contender.ts'

const STDOUT = 1
/** The clock is read before and after a lease is asked how long it lasts; a stop in between would make it look longer. */
const TOGETHER_NS = 100_000n
const TRIES_MAX = 100

class DeadOnArrival extends Error {
  readonly code = DEAD_ON_ARRIVAL
}

export class EventLog {
  readonly recorder: Recorder
  readonly #process: string
  readonly #file: number
  #armed: Failpoint | undefined
  #last: HistoryEvent | undefined

  constructor(process: string, path: string) {
    this.#process = process
    this.#file = openSync(path, 'a')
    this.recorder = new Recorder(process, (event) => this.#write(event))
  }

  /** The lock store's side of it. */
  readonly notes: Notes = {
    extended: (k, token, remainingMs) => {
      this.recorder.signal('extended', k, { token: String(token), validUntil: String(lifeOf(remainingMs).untilNs) })
    },
    lost: (k, token) => this.recorder.signal('lost', k, { token: String(token) }),
    left: (k, id) => this.recorder.signal('left', k, { id }),
    call: (f, k, input) => this.recorder.call(f, k, input),
    beforeRenewal: () => this.reach('before-renewal'),
  }

  /**
   * Answers whether there is a hold. A process that was stopped between the answer of the store and this line finds a
   * lease that is over; that it is told so is all that a lock can do, and the judge asks whether there was such a stop.
   */
  granted(acquiring: Operation, k: string, grant: Grant): boolean {
    const { token, signal } = grant
    const { untilNs, nowNs } = lifeOf(() => grant.remainingMs())
    const isHeld = untilNs > nowNs || grant.isHeld()
    if (isHeld) acquiring.ok({ token: String(token), validUntil: String(untilNs) }, nowNs)
    else acquiring.fail(new DeadOnArrival())
    const told = (): void => this.recorder.signal('lost-signal', k, { token: String(token) })
    if (signal?.aborted === true) told()
    else signal?.addEventListener('abort', told, { once: true })
    return isHeld
  }

  /** To the driver, who listens. */
  announce(f: string, detail: Detail = {}): void {
    this.recorder.signal(f, '', detail)
    writeSync(STDOUT, `${JSON.stringify(this.#last)}\n`)
  }

  /** From now on the process stops itself when it comes to this point. */
  arm(point: Failpoint): void {
    this.#armed = point
  }

  /** The answer tells the driver that no stop is under way. */
  disarm(): void {
    this.#armed = undefined
    this.announce('disarmed')
  }

  /**
   * Stops the whole process here if the driver asked for it; the driver lets it go on. Nothing else of this process
   * runs between the announcement and the stop.
   */
  reach(point: Failpoint): void {
    if (this.#armed !== point) return
    this.#armed = undefined
    this.announce('nemesis', { kind: 'pause', target: this.#process, at: point })
    process.kill(process.pid, 'SIGSTOP')
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(event: HistoryEvent): void {
    this.#last = event
    writeSync(this.#file, `${JSON.stringify(event)}\n`)
  }
}

function lifeOf(remainingMs: () => number): { readonly untilNs: bigint; readonly nowNs: bigint } {
  for (let attempt = 1; ; attempt += 1) {
    const before = process.hrtime.bigint()
    const remaining = remainingMs()
    const after = process.hrtime.bigint()
    if (after - before < TOGETHER_NS || attempt === TRIES_MAX) {
      return { untilNs: after + BigInt(Math.floor(remaining * 1e6)), nowNs: after }
    }
  }
}
