/** A job by a schedule: each tick by the rule, and afterwards those that no machine ran. */
import type { LockClient } from '../../client/client.ts'
import { Events } from '../../client/events.ts'
import { Misuse, Unsupported } from '../../store/errors.ts'
import { sleep } from '../../time/clock.ts'
import { instant } from '../../time/instant.ts'
import type { MaybePromise } from '../duty.ts'
import type { TickRules } from '../cron/plan.ts'
import { messageOf, type TickCall, type TickEnd } from '../tick/rule.ts'
import type { CronRun, RunRecord, SkipReason, TickResult } from '../tick/tick.ts'
import { resultOfTick } from '../tick/result.ts'
import type { CronEvents, CronJob, CronOptions, Schedule } from '../cron/cron.ts'
import { TICKS_AT_ONCE_MAX, Timetable } from './timetable.ts'

export interface JobPlan {
  readonly schedule: Schedule
  /** For comparing with what other machines run; undefined for a schedule of the caller's own. */
  readonly pattern: string | undefined
  readonly catchUp: NonNullable<CronOptions['catchUp']>
  readonly signal: AbortSignal | undefined
}

type Job = (run: CronRun) => MaybePromise<unknown>
type Ran = Extract<TickEnd<unknown>, { ran: true }>

const EVENTS: readonly (keyof CronEvents)[] = ['started', 'finished', 'skipped', 'failed', 'missed', 'warned']
const RETRY_MS = 1_000

export class TimetableJob implements CronJob {
  readonly #client: LockClient
  readonly #rules: TickRules
  readonly #plan: JobPlan
  readonly #job: Job
  readonly #events: Events<CronEvents>
  readonly #stop = new AbortController()
  readonly #ends: AbortSignal
  readonly #timetable: Timetable
  readonly #active = new Set<Promise<unknown>>()
  readonly #told = new Set<string>()
  #backlog: readonly Date[] = []

  constructor(client: LockClient, rulesOf: (warn: (reason: string) => void) => TickRules, plan: JobPlan, job: Job) {
    this.#client = client
    this.#plan = plan
    this.#job = job
    this.#events = new Events('holdfast:cron', EVENTS, (name, error) => client.listenerThrew(name, error))
    this.#rules = rulesOf((reason) => this.#warn(reason, reason))
    const { signal, schedule, catchUp } = plan
    this.#ends = AbortSignal.any([this.#stop.signal, client.closing, ...(signal === undefined ? [] : [signal])])
    const { startWithinMs } = this.#rules
    this.#timetable = new Timetable(client, schedule, {
      startWithinMs,
      due: (tick) => this.#track(this.#attempt(tick, false)),
      passed: (until) => this.#track(this.#catchUp(until)),
    })
    this.#ends.addEventListener('abort', () => this.#timetable.end(), { once: true })
    if (this.#ends.aborted) this.#timetable.end()
    this.#checkTtl()
    const nowMs = client.clock.wallMs()
    this.#track(this.#catchUp(instant(catchUp === 'none' ? nowMs - startWithinMs : nowMs)))
  }

  next(): Date | null {
    return this.#plan.schedule.nextRun(instant(this.#client.clock.wallMs()))
  }

  async history(): Promise<readonly RunRecord[]> {
    const { ledger, name } = this.#rules
    if (ledger === undefined) throw new Misuse(`"${name}" has no history: give cron() a ledger`)
    return (await ledger.read()).runs
  }

  async trigger(): Promise<TickResult<unknown>> {
    return resultOfTick(await this.#run(instant(Math.ceil(this.#client.clock.wallMs())), false))
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Misuse(`"${this.#rules.name}" was stopped`))
    await Promise.allSettled(this.#active)
  }

  on<Name extends keyof CronEvents>(name: Name, listener: (event: CronEvents[Name]) => void): () => void {
    return this.#events.on(name, listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#active.delete(tracked))
    this.#active.add(tracked)
  }

  async #run(tick: Date, isCatchUp: boolean): Promise<TickEnd<unknown>> {
    const { name } = this.#rules
    const { signal } = this.#plan
    const call: TickCall = {
      tick,
      isCatchUp,
      ends: this.#ends,
      ...(signal === undefined ? {} : { asks: signal }),
      onStart: ({ token }) => {
        const lateMs = Math.round(this.#client.clock.wallMs() - tick.getTime())
        this.#events.emit('started', { name, tick, token, lateMs })
      },
    }
    const end = await this.#rules.rule.run(call, this.#job)
    if (end.ran) this.#finished(end)
    return end
  }

  /** Until it ran somewhere or is too late, whatever happens to the store meanwhile. */
  async #attempt(tick: Date, isCatchUp: boolean): Promise<SkipReason | undefined> {
    const { name, ledger } = this.#rules
    let hasFailed = false
    while (!this.#ends.aborted) {
      try {
        const end = await this.#run(tick, isCatchUp)
        if (end.ran) return undefined
        const isQueued = end.because === 'busy' && ledger !== undefined && this.#plan.catchUp !== 'none'
        if (end.because === 'late' && hasFailed && ledger !== undefined) this.#events.emit('missed', { name, tick })
        else if (!isCatchUp) this.#events.emit('skipped', { name, tick, because: end.because })
        if (isQueued && !isCatchUp) this.#queue([tick])
        return end.because
      } catch (error) {
        if (this.#ends.aborted) return undefined
        hasFailed = true
        this.#events.emit('failed', { name, tick, error })
        this.#client.logger?.warn(`"${name}": ${tick.toISOString()} could not be run: ${messageOf(error)}`)
        if (error instanceof Misuse || error instanceof Unsupported) return undefined
        await sleep(this.#client.clock, RETRY_MS, this.#ends)
      }
    }
    return undefined
  }

  /** Looks for ticks that no machine ran, after the last one that began; before the first there is nothing to catch up. */
  async #catchUp(until: Date): Promise<void> {
    const { ledger, name } = this.#rules
    const { schedule, catchUp } = this.#plan
    if (ledger === undefined) return
    while (!this.#ends.aborted) {
      try {
        const [last] = (await ledger.read()).runs
        if (last === undefined) return
        const before = instant(until.getTime() + 1)
        const open = schedule.previousRuns(TICKS_AT_ONCE_MAX, before).filter((tick) => tick > last.tick)
        const chosen = catchUp === 'all' ? open.toReversed() : catchUp === 'last' ? open.slice(0, 1) : []
        for (const tick of open) if (!chosen.includes(tick)) this.#events.emit('missed', { name, tick })
        this.#queue(chosen)
        return
      } catch (error) {
        this.#client.logger?.warn(`"${name}": what was missed is not known: ${messageOf(error)}`)
        if (error instanceof Misuse) return
        await sleep(this.#client.clock, RETRY_MS, this.#ends)
      }
    }
  }

  #queue(ticks: readonly Date[]): void {
    const isAtWork = this.#backlog.length > 0
    const keep = this.#plan.catchUp === 'last' ? 1 : TICKS_AT_ONCE_MAX
    this.#backlog = [...this.#backlog, ...ticks].slice(-keep)
    if (!isAtWork && ticks.length > 0) this.#track(this.#workOff())
  }

  async #workOff(): Promise<void> {
    for (let [tick] = this.#backlog; tick !== undefined && !this.#ends.aborted; [tick] = this.#backlog) {
      const because = await this.#attempt(tick, true)
      if (because !== 'busy') this.#backlog = this.#backlog.filter((each) => each !== tick)
    }
  }

  #finished({ record, end }: Ran): void {
    const { name, atMostForMs, ledger } = this.#rules
    this.#events.emit('finished', { name, ...record })
    if ('threw' in end) this.#client.logger?.error(`"${name}": ${record.tick.toISOString()} threw: ${record.error}`)
    const { runs = [], schedule } = ledger?.seen ?? {}
    const tookMs = runs.flatMap((run) => run.tookMs ?? []).toSorted((one, other) => one - other)
    const medianMs = tookMs[tookMs.length >> 1] ?? 0
    if (medianMs * 2 > atMostForMs) {
      this.#warn(
        'median',
        `"${name}": half of its runs took ${medianMs} ms and more, and atMostFor is ${atMostForMs} ms`,
      )
    }
    const { pattern } = this.#plan
    if (schedule !== undefined && pattern !== undefined && schedule !== pattern) {
      this.#warn(schedule, `"${name}": another machine runs it by ${schedule}, this one by ${pattern}`)
    }
  }

  /** A runner that died is found out within a ttl: if that is near the interval, its successor comes late. */
  #checkTtl(): void {
    const next = this.next()
    const after = next === null ? null : this.#plan.schedule.nextRun(next)
    if (next === null || after === null) return
    const { name, ttlMs } = this.#rules
    const intervalMs = after.getTime() - next.getTime()
    // Listeners come after this.
    if (ttlMs * 3 <= intervalMs) return
    this.#client.timers.addIn(() => {
      this.#warn('ttl', `"${name}": its ttl, ${ttlMs} ms, is more than a third of the interval, ${intervalMs} ms`)
    }, 0)
  }

  #warn(kind: string, reason: string): void {
    if (this.#told.has(kind) || this.#told.size >= TICKS_AT_ONCE_MAX) return
    this.#told.add(kind)
    this.#events.emit('warned', { name: this.#rules.name, reason })
    this.#client.logger?.warn(reason)
  }
}
