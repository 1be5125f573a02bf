/**
 * Two lines in Redis and the same two by the transition of core. Every operation is carried out on both at the same
 * moment; answers, lines, lists and messages must be equal.
 */
import { expect } from 'vitest'
import type { Claim, Ref } from '../../store/claim.ts'
import { emptyLine, type Line } from '../../line/line.ts'
import { looksDifferent, viewOf } from '../../line/view.ts'
import type { LineView } from '../../store/line-view.ts'
import type { Standing } from '../../store/standing.ts'
import {
  enterLine,
  evictFromLine,
  isIdle,
  leaveLine,
  type Moment,
  type ClaimState,
  renewInLine,
  type LineStep,
  sweep,
} from '../../line/transition.ts'
import {
  type Entering,
  HOUR_MS,
  type Leaving,
  type Operation,
  type Renewing,
  type TokenChoice,
  type Which,
} from './operations.fixture.ts'
import type { Published, TimedServer } from './timed-server.fixture.ts'

type Answer = Standing | ClaimState | string

/** What one line was asked, what Redis answered, and what the model made of it. */
interface Done {
  readonly line: Which
  readonly real: Standing | string
  readonly answer: ClaimState | string
  readonly before: Line
  readonly after: Line
  readonly told: readonly string[]
  /** A new note is shown, also where it says the same again. */
  readonly noted: boolean
}

/** As in scripts.ts: for so long observers are registered, and with so much left they do not register again. */
const OBSERVED_US = 60_000_000n
const OBSERVED_SURELY_US = 45_000_000n
const EVICTED_FOR = 'made | "room"'

let runs = 0

export class Twins {
  /** How often what happened, so that a test can tell that it happened at all. */
  readonly seen: Map<string, number>
  readonly #server: TimedServer
  readonly #capacity: number
  readonly #resources: readonly [string, string]
  readonly #lines: [Line, Line] = [emptyLine, emptyLine]
  readonly #versions: [string, string] = ['0', '0']
  readonly #observedUntilUs: [bigint, bigint] = [0n, 0n]
  /** The highest token of both lines: they share the floor of the server. */
  #floor = 0n
  #nowUs = BigInt(Date.now()) * 1000n
  #hasPassed = false

  constructor(server: TimedServer, capacity: number, seen: Map<string, number>) {
    this.#server = server
    this.#capacity = capacity
    this.seen = seen
    runs += 1
    this.#resources = [`n!r${runs}`, `n!s${runs}`]
  }

  async carryOut(each: Operation): Promise<void> {
    if (each.kind === 'pass') {
      this.#nowUs += BigInt(each.ms) * 1000n
      this.#hasPassed = true
      if (each.ms < 0) this.#count('the clock was set back')
      if (each.ms <= -HOUR_MS) this.#count('the clock was set back by an hour')
      return
    }
    // Two scripts of a real server never share a microsecond.
    this.#nowUs += 7n
    await this.#server.set(this.#nowUs)
    if (this.#floor === 0n) await this.#server.forgetTokens()
    const which = 'batch' in each ? each.batch.map(({ line }) => line) : [each.line]
    // Time alone may have changed something, and no step has swept the line yet.
    if (this.#hasPassed) for (const line of new Set(which)) await this.#compareLine(line)
    this.#hasPassed = false
    if (each.kind === 'observe') return this.#observe(each.line)
    const done = await this.#both(each)
    const published = await this.#server.published()
    for (const one of done) {
      this.#compareAnswers(one)
      this.#countAll(one)
    }
    expect(
      published
        .map(toldIn)
        .filter((text) => text !== undefined)
        .toSorted(),
    ).toEqual(done.flatMap(({ told }) => told).toSorted())
    for (const line of new Set(which)) await this.#compareObserved(line, done, published)
  }

  get #moment(): Moment {
    return { nowMs: Number(this.#nowUs) / 1000, tokenScaleUs: this.#nowUs }
  }

  async #both(each: Exclude<Operation, { kind: 'pass' | 'observe' }>): Promise<readonly Done[]> {
    if ('batch' in each && each.batch.length > 1) this.#count(`several ${each.kind} together`)
    if (each.kind === 'enter') return this.#enter(each.batch)
    if (each.kind === 'leave') return this.#leave(each.batch)
    if (each.kind === 'renew') return this.#renew(each.batch)
    const { ref, right } = this.#refOf(each)
    const token = ref.token ?? right
    const real = await this.#server.store.evict(ref.resource, token, EVICTED_FOR)
    return [this.#step(each.line, real, (line) => evictFromLine(line, token, EVICTED_FOR, this.#moment))]
  }

  /** Asked in one moment, so that they travel in one command. */
  async #enter(batch: readonly Entering[]): Promise<readonly Done[]> {
    const claims = batch.map((each): Claim => {
      const capacity = this.#capacity + (each.otherCapacity ? 1 : 0)
      const weight = Math.min(each.weight, capacity)
      return { ...each, resource: this.#resources[each.line], capacity, weight, note: 'first', owner: 'x|y' }
    })
    const answers = await Promise.all(claims.map((claim) => this.#server.store.enter(claim)))
    return answers.map((real, index) => {
      const [{ line }, claim] = [batch[index], claims[index]] as [Entering, Claim]
      return this.#step(line, real, (before) => enterLine(before, claim, 'channel', this.#moment))
    })
  }

  async #leave(batch: readonly Leaving[]): Promise<readonly Done[]> {
    const refs = batch.map((each) => this.#refOf(each).ref)
    const answers = await Promise.all(
      batch.map(({ keepMs }, index) => this.#server.store.leave(refs[index] as Ref, { keepMs })),
    )
    return answers.map((real, index) => {
      const [{ line, keepMs }, ref] = [batch[index], refs[index]] as [Leaving, Ref]
      return this.#step(line, real, (before) => leaveLine(before, ref, keepMs, this.#moment))
    })
  }

  async #renew(batch: readonly Renewing[]): Promise<readonly Done[]> {
    const asked = batch.map((each) => ({ ...each, ref: this.#refOf(each).ref }))
    if (new Set(batch.map(({ line }) => line)).size > 1) this.#count('both lines in one batch')
    const answers = await this.#server.store.renew(
      asked.map(({ ref, ttlMs, note }) => ({ ref, ttlMs, ...(note === undefined ? {} : { note }) })),
    )
    return asked.map(({ line, ref, ttlMs, note }, index) => {
      const real = answers[index]
      if (real === undefined || real instanceof Error) throw new Error('the renewal failed', { cause: real })
      const done = this.#step(line, real, (before) => renewInLine(before, ref, ttlMs, note, this.#moment))
      return { ...done, noted: note !== undefined && real.kind !== 'gone' }
    })
  }

  /** `right` is a token that the claim has, or could have. */
  #refOf({ line, id, token }: { line: Which; id: string; token: TokenChoice }): { ref: Ref; right: bigint } {
    const known = this.#lines[line].claims.find((claim) => claim.id === id)
    const right = known === undefined || known.state === 'waiting' ? 5n : known.token
    const named = token === 'none' ? undefined : token === 'wrong' ? right + 1n : right
    return { right, ref: { resource: this.#resources[line], id, ...(named === undefined ? {} : { token: named }) } }
  }

  /** A token is above all that the server gave, on whichever line. */
  #step(line: Which, real: Standing | string, stepOf: (before: Line) => LineStep<ClaimState | string>): Done {
    const before = this.#lines[line]
    const step = stepOf({ ...before, lastToken: this.#floor })
    const isGranted = step.line.lastToken > this.#floor
    this.#floor = step.line.lastToken
    const after = isGranted ? step.line : { ...step.line, lastToken: before.lastToken }
    this.#lines[line] = after
    const key = this.#server.keys.line(this.#resources[line])
    // The last one told of an eviction is the evicted one, as it was.
    const evicted = step.answer === 'evicted' ? step.notify.at(-1) : undefined
    const told = step.notify.map((claim) => {
      if (claim === evicted) return `gone ${key} ${claim.id} ${EVICTED_FOR}`
      return claim.state === 'waiting' ? `head ${key} ${claim.id}` : `held ${key} ${claim.id} ${claim.token}`
    })
    return { line, real, answer: step.answer, before, after, told, noted: false }
  }

  async #observe(line: Which): Promise<void> {
    expect(await this.#server.observe(this.#resources[line])).toBe(this.#versions[line])
    const until = this.#observedUntilUs[line]
    if (until < this.#nowUs + OBSERVED_SURELY_US) this.#observedUntilUs[line] = this.#nowUs + OBSERVED_US
    this.#count(until === 0n ? 'observed' : until <= this.#nowUs ? 'observed after a while' : 'observed again')
  }

  #compareAnswers({ real, answer }: Done): void {
    expect(comparable(real)).toEqual(comparable(answer))
    if (typeof real === 'string' || typeof answer === 'string') return
    if (real.kind !== 'queued' || answer.kind !== 'queued' || real.ahead !== 0) return
    // To look again too early costs a round trip, too late would leave a free lock alone.
    expect(real.recheckInMs).toBeGreaterThan(0)
    expect(real.recheckInMs).toBeLessThanOrEqual((answer.recheckInMs ?? Number.NaN) + 0.01)
  }

  /** The line as it is, for readers: nothing that has ended is shown, whichever step ended it. */
  async #compareLine(line: Which): Promise<LineView> {
    const resource = this.#resources[line]
    const [{ version, ...view }, isClaimed] = await Promise.all([
      this.#server.store.look(resource),
      this.#server.isClaimed(resource),
    ])
    const { version: _, ...expected } = viewOf(resource, this.#lines[line], this.#moment, '')
    expect(rounded(view)).toEqual(rounded(expected))
    expect(isClaimed).toBe(!isIdle(sweep(this.#lines[line], this.#moment)))
    return { ...view, version }
  }

  /** Observers are notified of every change that they could see, once each, and of nothing else. */
  async #compareObserved(line: Which, done: readonly Done[], published: readonly Published[]): Promise<void> {
    const changes = done.filter((each) => each.line === line && (each.noted || this.#isSeen(each)))
    const isObserved = this.#observedUntilUs[line] > this.#nowUs
    // A free line has no keys, unless it has observers. Those it had before are not there again under a clock set back.
    const isForgotten = changes.length > 0 && isIdle(this.#lines[line]) && !isObserved
    if (isForgotten) {
      this.#lines[line] = emptyLine
      this.#observedUntilUs[line] = 0n
    }
    const { version } = await this.#compareLine(line)
    if (isForgotten) expect(version).toBe('0')
    else if (changes.length > 0) expect(version).not.toBe(this.#versions[line])
    else expect(version).toBe(this.#versions[line])
    this.#versions[line] = version
    const key = this.#server.keys.line(this.#resources[line])
    const versions = published.filter(({ channel }) => channel === key).map(({ text }) => text)
    expect(versions).toHaveLength(isObserved ? changes.length : 0)
    if (versions.length > 0) expect(versions.at(-1)).toBe(version)
    if (versions.length > 0) this.#count('an observer was told')
  }

  /** In two steps: an id that had ended and entered again is a new claim, even if it looks as the old one did. */
  #isSeen({ before, after }: Done): boolean {
    const swept = sweep(before, this.#moment)
    return looksDifferent(before, swept) || looksDifferent(swept, after)
  }

  #countAll({ line, answer, before, after, told }: Done): void {
    for (const words of told) this.#count(`told ${words.split(' ')[0] ?? ''}`)
    this.#count(typeof answer === 'string' ? answer : nameOf(answer))
    if (before.claims.length === 0 && after.claims.length === 1) {
      this.#count(this.#observedUntilUs[line] > this.#nowUs ? 'taken alone, observed' : 'taken alone')
    }
    const swept = sweep(before, this.#moment)
    if (swept.claims.length < before.claims.length) this.#count('something was over')
    for (const claim of swept.claims) {
      const earlier = before.claims.find(({ id }) => id === claim.id)
      if (claim.state === 'lingering' && earlier?.state === 'held') this.#count('a lock-delay began')
    }
    if (after.claims.some(({ state, weight }) => state === 'lingering' && weight === 0)) this.#count('without weight')
    if (after.claims.some(({ state, weight }) => state === 'lingering' && weight > 0)) this.#count('lingering')
    if (new Set(after.claims.map(({ capacity }) => capacity)).size > 1) this.#count('two capacities')
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }
}

function nameOf(answer: ClaimState): string {
  if (answer.kind === 'refused') return `refused, ${answer.because}`
  if (answer.kind === 'held') return answer.provisional ? 'held for a moment' : 'held'
  return answer.kind === 'gone' && answer.reason !== undefined ? 'gone, and why' : answer.kind
}

/** A message about a claim, without what may differ; nothing for one about a line. */
function toldIn({ text }: Published): string | undefined {
  const [kind, line = '', id = '', , ...words] = text.split('|')
  if (kind === 'held') return `held ${line} ${id} ${words[0] ?? ''}`
  if (kind === 'head') return `head ${line} ${id}`
  return kind === 'gone' ? `gone ${line} ${id} ${words.join('|')}` : undefined
}

/** Both sides, without what only one of them has; when to look again may be earlier than the model says. */
function comparable(answer: Answer): unknown {
  if (typeof answer === 'string' || answer.kind === 'gone') return answer
  if (answer.kind === 'refused') return { kind: answer.kind, because: answer.because, capacity: answer.capacity }
  const lifeMs = Math.round((answer.lifeMs ?? Number.NaN) * 10) / 10
  return answer.kind === 'held'
    ? { kind: answer.kind, token: answer.token, lifeMs, provisional: answer.provisional }
    : { kind: answer.kind, ahead: answer.ahead, lifeMs }
}

function rounded(view: Omit<LineView, 'version'>): unknown {
  const claims = view.claims.map((claim) => ({
    ...claim,
    endsInMs: Math.round((claim.endsInMs ?? Number.NaN) * 10) / 10,
  }))
  return { ...view, claims }
}
