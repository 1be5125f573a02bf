/** A complete store: each line of claims is one text in a drawer of the cabinet. */
import {
  type Claim,
  type Facts,
  type Hint,
  type LeaveOptions,
  type LineView,
  type Memo,
  NotApplied,
  type Ref,
  type RenewAnswer,
  type Renewal,
  type ResourcePage,
  type Stamp,
  type Standing,
  type Store,
  type StoreEnvironment,
  StoreUnavailable,
  type Subject,
} from 'holdfast'
import {
  emptyLine,
  enterLine,
  evictFromLine,
  isIdle,
  leaveLine,
  type Line,
  type Moment,
  type ClaimState,
  renewInLine,
  situationOf,
  stampOf,
  type LineStep,
  sweep,
  viewOf,
} from 'holdfast/line'
import type { Cabinet } from './cabinet.ts'

const facts: Facts = {
  engine: 'cabinet',
  safetyClass: 'best-effort',
  reasons: ['The cabinet of the example forgets everything when its process ends.'],
  clock: 'the clock of the cabinet, read with each line',
  expiry: 'engine',
  tokens: 'max(last + 1, clock of the cabinet in µs), kept in the line, which is never deleted',
  order: 'fifo',
  wakeUp: 'poll',
  ttl: { per: 'claim', granularityMs: 1, minMs: 100, maxMs: 86_400_000 },
  lockRisks: ['a clock of the cabinet that is set forward'],
  tokenRisks: ['losing the drawers and setting the clock back'],
  unsupported: {},
}

export function cabinetStore(cabinet: Cabinet): Store {
  return new CabinetStore(cabinet)
}

class CabinetStore implements Store {
  readonly admin = {
    list: (prefix: string, cursor: string | undefined, limit: number) => this.#list(prefix, cursor, limit),
    evict: (resource: string, token: bigint, reason: string) =>
      this.#step(resource, (line, now) => evictFromLine(line, token, reason, now)),
  }
  readonly #cabinet: Cabinet
  #environment: StoreEnvironment | undefined

  constructor(cabinet: Cabinet) {
    this.#cabinet = cabinet
  }

  async open(environment: StoreEnvironment): Promise<Facts> {
    await this.#cabinet.keys('', undefined, 1)
    if (environment.signal.aborted) throw new StoreUnavailable('opening the cabinet was aborted')
    this.#environment = environment
    return facts
  }

  async close(): Promise<void> {
    this.#environment = undefined
  }

  async enter(claim: Claim): Promise<Standing> {
    // Before the request is sent: the holder counts its lease from here.
    const askedAt = stampOf(this.#opened().clock)
    const place = await this.#step(claim.resource, (line, now) => enterLine(line, claim, '', now))
    return standingOf(place, askedAt)
  }

  renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    return Promise.all(renewals.map((renewal) => this.#renew(renewal)))
  }

  leave(ref: Ref, options: LeaveOptions = {}): Promise<'left' | 'gone'> {
    return this.#step(ref.resource, (line, now) => leaveLine(line, ref, options.keepMs ?? 0, now))
  }

  async look(resource: string): Promise<LineView> {
    const { line, now, version } = await this.#read(resource)
    return viewOf(resource, line, now, String(version))
  }

  /** Never called where `facts.wakeUp` is `poll`. */
  async watch(_subject: Subject, memo: Memo, _signal: AbortSignal): Promise<Hint> {
    return { kind: 'hint', memo }
  }

  async #renew({ ref, ttlMs, note }: Renewal): Promise<RenewAnswer> {
    const askedAt = stampOf(this.#opened().clock)
    try {
      const place = await this.#step(ref.resource, (line, now) => renewInLine(line, ref, ttlMs, note, now))
      return standingOf(place, askedAt)
    } catch (error) {
      // One claim that failed is its own answer, and the others keep theirs.
      if (error instanceof NotApplied) return error
      throw error
    }
  }

  async #list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    this.#opened()
    const keys = await this.#cabinet.keys(prefix, cursor, limit)
    const lines = await Promise.all(keys.map((key) => this.#read(key)))
    const resources = keys.filter((_, index) => {
      const { line, now } = lines[index] ?? {}
      return line !== undefined && now !== undefined && !isIdle(sweep(line, now))
    })
    const last = keys.at(-1)
    return keys.length === limit && last !== undefined ? { resources, cursor: last } : { resources }
  }

  /** One step: read, change, compare and set. Somebody else was faster? Then nothing happened, and core asks again. */
  async #step<Answer>(resource: string, change: (line: Line, now: Moment) => LineStep<Answer>): Promise<Answer> {
    const { line: before, now, version } = await this.#read(resource)
    const { line, answer } = change(before, now)
    if (line === before || (await this.#cabinet.swap(resource, version, encode(line)))) return answer
    throw new NotApplied('the line was changed by somebody else in between: ask again')
  }

  async #read(resource: string): Promise<{ readonly line: Line; readonly now: Moment; readonly version: number }> {
    this.#opened()
    const { drawer, nowMs } = await this.#cabinet.read(resource)
    const now = { nowMs, tokenScaleUs: BigInt(Math.floor(nowMs * 1000)) }
    return { line: drawer === undefined ? emptyLine : decode(drawer.text), now, version: drawer?.version ?? 0 }
  }

  #opened(): StoreEnvironment {
    if (this.#environment === undefined) throw new StoreUnavailable('the cabinet is not open')
    return this.#environment
  }
}

function standingOf(place: ClaimState, askedAt: Stamp): Standing {
  if (place.kind === 'held') return { ...place, askedAt, memo: situationOf(place) }
  if (place.kind === 'queued') return { ...place, memo: situationOf(place) }
  return place
}

/** Tokens travel as decimal text: a number would round them. */
function encode(line: Line): string {
  return JSON.stringify(line, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}

function decode(text: string): Line {
  return JSON.parse(text, (key, value: unknown) =>
    (key === 'token' || key === 'lastToken') && typeof value === 'string' ? BigInt(value) : value,
  ) as Line
}
