/**
 * One run for each tick. The identity of a run is the instant that it was due, in UTC: never "now", and never the lock
 * alone, which is free again when the run is over while a slower clock has not begun. A tick is listed before its work is
 * called, so it begins once at most; what was not listed is tried again.
 */
import type { LockClient } from '../../client/client.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { LeaseLost, StaleToken } from '../../store/errors.ts'
import { sleep } from '../../time/clock.ts'
import { formatMs } from '../../time/duration.ts'
import { acquire } from '../../wait/acquire.ts'
import { instant } from '../../time/instant.ts'
import { Duty, type MaybePromise, type WorkEnd } from '../duty.ts'
import { mutexShape } from '../mutex.ts'
import { within } from '../current-run.ts'
import { AT_MOST_MS, SKEW_MS } from './limits.ts'
import { LineRun } from './line-run.ts'
import type { CronRun, RunOutcome, RunRecord } from './tick.ts'
import type { Listing, TickList } from '../tick-list/tick-list.ts'

export interface TickPlan {
  /** That of the lock. */
  readonly name: string
  readonly settings: AcquireSettings
  readonly atMostForMs: number
  readonly startWithinMs: number
  readonly skewMs: number
  /** What a work that returned has done. */
  readonly outcome: RunOutcome
  warn(reason: string): void
}

export interface TickCall {
  readonly tick: Date
  /** Whether it may begin later than `startWithin`. */
  readonly isCatchUp?: boolean
  /** Ends the waiting for a turn. */
  readonly ends: AbortSignal
  /** Asks the work to stop. */
  readonly asks?: AbortSignal
  onStart?(run: CronRun): void
}

export type TickEnd<T> =
  | {
      readonly ran: true
      readonly end: WorkEnd<T>
      readonly record: RunRecord
      readonly lease: HeldLease
      readonly released: ReleaseOutcome
    }
  | ({ readonly ran: false } & Listing)

/** Nothing was begun: try again in so many milliseconds, which do not count as being late where the clock of the store is behind. */
interface Again {
  readonly inMs: number
  readonly isExcused: boolean
}

const ERROR_LENGTH_MAX = 500
const LOOK_MS_MIN = 250
const LOOK_MS_MAX = 750

export class TickRule {
  readonly #client: LockClient
  readonly #plan: TickPlan
  readonly #ticks: TickList

  constructor(client: LockClient, plan: TickPlan, ticks: TickList) {
    this.#client = client
    this.#plan = plan
    this.#ticks = ticks
  }

  /** Bounded by `startWithin`, and behind another run by one ttl: a run that died is found out within that. */
  async run<T>(call: TickCall, work: (run: CronRun) => MaybePromise<T>): Promise<TickEnd<T>> {
    const { clock } = this.#client
    const calledMs = clock.monotonicMs()
    let busyUntilMs: number | undefined
    let excusedMs = 0
    for (;;) {
      call.ends.throwIfAborted()
      const lateMs = call.isCatchUp === true ? clock.monotonicMs() - calledMs : clock.wallMs() - call.tick.getTime()
      if (lateMs > this.#plan.startWithinMs + excusedMs && busyUntilMs === undefined) return skipped('late')
      const listing = await this.#ticks.find(call.tick)
      if (listing !== undefined) return { ran: false, ...listing }
      const turn = await this.#turn(call, work)
      if (turn === 'busy') {
        busyUntilMs ??= clock.monotonicMs() + this.#plan.settings.ttlMs
        if (clock.monotonicMs() >= busyUntilMs) return skipped('busy')
        await sleep(clock, lookMs(), call.ends)
      } else if ('inMs' in turn) {
        busyUntilMs = undefined
        if (turn.isExcused) excusedMs += turn.inMs
        await sleep(clock, turn.inMs, call.ends)
      } else {
        return turn
      }
    }
  }

  async #turn<T>(call: TickCall, work: (run: CronRun) => MaybePromise<T>): Promise<TickEnd<T> | Again | 'busy'> {
    const { name, settings } = this.#plan
    const note = call.tick.toISOString()
    const resource = this.#client.resourceOf(name)
    const request = { shape: mutexShape(name), resource, queue: false, isTrial: true, settings: { ...settings, note } }
    const lease = await acquire(this.#client, request)
    if (lease === null) return 'busy'
    try {
      const early = this.#early(call.tick, lease)
      if (early !== undefined) return early
      const record = this.#recordOf(call.tick, lease)
      const begun = await this.#ticks.begin(lease, record)
      if ('because' in begun) return { ran: false, ...begun }
      return await this.#serve(call, lease, { record, previous: begun.previous }, work)
    } catch (error) {
      // Overtaken before the work was called.
      if (error instanceof LeaseLost || error instanceof StaleToken) return { inMs: lookMs(), isExcused: false }
      throw error
    } finally {
      await lease.undo()
    }
  }

  /** One wrong clock must not use up the ticks of a day. */
  #early(tick: Date, { ref }: HeldLease): TickEnd<never> | Again | undefined {
    if (this.#client.facts?.tokenScale !== 'clock') return undefined
    const aheadMs = tick.getTime() - Number(ref.token / 1000n)
    const { skewMs, name } = this.#plan
    if (aheadMs <= skewMs) return undefined
    const by = `${Math.round(aheadMs / 1_000)} s`
    this.#plan.warn(
      `"${name}": its tick ${tick.toISOString()} is ${by} ahead of the clock of the store, more than skew`,
    )
    return aheadMs > SKEW_MS.maxMs ? skipped('early') : { inMs: aheadMs, isExcused: true }
  }

  #recordOf(tick: Date, { ref }: HeldLease): RunRecord {
    const { owner, clock } = this.#client
    return { tick, token: ref.token, owner, startedAt: instant(clock.wallMs()), outcome: 'running' }
  }

  async #serve<T>(
    { tick, asks, onStart }: TickCall,
    lease: HeldLease,
    { record, previous }: { readonly record: RunRecord; readonly previous: RunRecord | null },
    work: (run: CronRun) => MaybePromise<T>,
  ): Promise<TickEnd<T> | Again> {
    const { clock, timers } = this.#client
    const duty = new Duty(this.#client, lease, { stopWithinMs: AT_MOST_MS.maxMs })
    let isOverrun = false
    const alarm = timers.addIn(() => {
      isOverrun = true
      duty.ask(this.#overrunOf(lease))
      lease.stopRenewing()
    }, this.#plan.atMostForMs)
    const onAbort = (): void => duty.ask(asks?.reason)
    asks?.addEventListener('abort', onAbort, { once: true })
    if (asks?.aborted === true) onAbort()
    const endIn = (ms: number): void => timers.move(alarm, clock.monotonicMs() + ms)
    const run = new LineRun(lease, { tick, previous, duty, endIn })
    const startedMs = clock.monotonicMs()
    const end = await duty.run(() => {
      this.#ticks.began(record)
      onStart?.(run)
      return within(run, () => work(run))
    })
    timers.cancel(alarm)
    asks?.removeEventListener('abort', onAbort)
    if (end === undefined) {
      if (lease.isHeld()) await this.#told(() => this.#ticks.undo(lease, record), tick)
      return { inMs: lookMs(), isExcused: false }
    }
    const outcome = isOverrun ? 'overran' : this.#outcomeOf(end, lease)
    const error = 'threw' in end ? { error: messageOf(end.threw) } : {}
    const ended = { ...record, outcome, tookMs: Math.round(clock.monotonicMs() - startedMs), ...error }
    if (lease.isHeld()) await this.#told(() => this.#ticks.end(lease, ended), tick)
    return { ran: true, end, record: ended, lease, released: await lease.release() }
  }

  #outcomeOf(end: WorkEnd<unknown>, lease: HeldLease): RunOutcome {
    if (lease.loss !== undefined) return 'lost'
    return 'threw' in end ? 'threw' : this.#plan.outcome
  }

  #overrunOf({ name }: HeldLease): LeaseLost {
    const limit = formatMs(this.#plan.atMostForMs)
    return new LeaseLost(`the run of "${name}" took longer than atMostFor (${limit}): its lease is renewed no more`, {
      resource: name,
    })
  }

  /** The work is done; a history that lacks its end is worth a word, and no more. */
  async #told(write: () => Promise<void>, tick: Date): Promise<void> {
    try {
      await write()
    } catch (error) {
      const { name, warn } = this.#plan
      warn(`"${name}": what became of ${tick.toISOString()} could not be written down: ${messageOf(error)}`)
    }
  }
}

function skipped(because: Listing['because']): TickEnd<never> {
  return { ran: false, because, by: null }
}

function lookMs(): number {
  return LOOK_MS_MIN + Math.random() * (LOOK_MS_MAX - LOOK_MS_MIN)
}

export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, ERROR_LENGTH_MAX)
}
