/** The store: each operation is one script on the server, and one connection listens for what others' scripts tell. */
import { newClaimId, type Claim, type Ref } from '../../core/claim.ts'
import { stampOf } from '../../core/clock.ts'
import { NotApplied, StoreUnavailable } from '../../core/errors.ts'
import { RENEW_BATCH_MAX } from '../../core/limits.ts'
import type {
  Facts,
  Hint,
  LeaveOptions,
  LineView,
  Memo,
  RenewAnswer,
  Renewal,
  Standing,
  Store,
  StoreAdmin,
  StoreEnvironment,
  Subject,
} from '../../core/store.ts'
import { adminOf } from './admin.ts'
import { wordsOf } from '../shared/redis/answers.ts'
import { engineError } from '../shared/redis/errors.ts'
import { Keys } from './keys.ts'
import { type OpenPort, openSession, type Session } from './open.ts'
import { OBSERVED_SURELY_MS, scripts } from './scripts.ts'
import { viewOfAnswer } from './view.ts'
import { grantedAtOnce, toldOf } from './wire.ts'

export class RedisStore implements Store {
  readonly admin: StoreAdmin
  readonly #openPort: OpenPort
  readonly #keys: Keys
  #session: Session | undefined

  constructor(openPort: OpenPort, prefix: string) {
    this.#openPort = openPort
    this.#keys = new Keys(prefix)
    this.admin = adminOf(this.#keys, () => this.#opened().connection)
  }

  async open(environment: StoreEnvironment): Promise<Facts> {
    const channel = this.#keys.channel(newClaimId())
    const { session, facts } = await openSession(this.#openPort, channel, environment)
    this.#session?.close()
    this.#session = session
    return facts
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    session?.close()
  }

  async enter(claim: Claim): Promise<Standing> {
    const { together, clock, serverClock, claims, channel } = this.#opened()
    const { resource, id } = claim
    const keys = this.#keys.all(resource)
    claims.expect(keys[0], id)
    const askedAt = stampOf(clock)
    try {
      const answer = await together.ask(scripts.enter, keys, enterArgs(claim, channel))
      const told =
        typeof answer === 'string'
          ? grantedAtOnce(answer, claim.ttlMs, askedAt, serverClock)
          : toldOf(answer, askedAt, serverClock)
      return claims.answered(keys[0], id, told)
    } catch (error) {
      // Nobody leaves what surely did not come.
      if (error instanceof NotApplied) claims.unexpect(keys[0], id)
      throw error
    }
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    const batches: (readonly Renewal[])[] = []
    for (let at = 0; at < renewals.length; at += RENEW_BATCH_MAX) batches.push(renewals.slice(at, at + RENEW_BATCH_MAX))
    const answers = await Promise.all(batches.map((batch) => this.#renewBatch(batch, batches.length > 1)))
    return answers.flat()
  }

  async watch(subject: Subject, memo: Memo, signal: AbortSignal): Promise<Standing | Hint> {
    const { claims } = this.#opened()
    if (signal.aborted) return { kind: 'hint', memo }
    return 'id' in subject
      ? claims.watch(this.#keys.line(subject.resource), subject.id, memo, signal)
      : this.#observe(subject.resource, memo, signal)
  }

  async look(resource: string): Promise<LineView> {
    const keys = [this.#keys.line(resource), this.#keys.order(resource)]
    return viewOfAnswer(resource, await this.#opened().connection.run(scripts.look, keys, []))
  }

  async leave(ref: Ref, options: LeaveOptions = {}): Promise<'left' | 'gone'> {
    const { together, claims } = this.#opened()
    const keys = this.#keys.all(ref.resource)
    const args = [ref.id, tokenOf(ref), usOf(options.keepMs ?? 0)]
    claims.end(keys[0], ref.id)
    const answer = await together.ask(scripts.leave, keys, args)
    return answer === 'left' ? 'left' : 'gone'
  }

  /** A failure of one batch of several is the answer for its claims, and the others have theirs. */
  async #renewBatch(renewals: readonly Renewal[], isOneOfSeveral: boolean): Promise<readonly RenewAnswer[]> {
    const { connection, clock } = this.#opened()
    const keys = renewals.flatMap(({ ref }) => this.#keys.all(ref.resource))
    const args = renewals.flatMap(({ ref, ttlMs, note }) => [
      ref.id,
      tokenOf(ref),
      usOf(ttlMs),
      note === undefined ? '0' : '1',
      note ?? '',
    ])
    const askedAt = stampOf(clock)
    try {
      const answers = await connection.run(scripts.renew, keys, args)
      return renewals.map(({ ref }, index) => {
        const answer: unknown = Array.isArray(answers) ? answers[index] : undefined
        return this.#renewed(ref, answer, askedAt)
      })
    } catch (error) {
      if (!isOneOfSeveral) throw error
      const reason = engineError(error, 'renew')
      return renewals.map(() => reason)
    }
  }

  #renewed(ref: Ref, answer: unknown, askedAt: ReturnType<typeof stampOf>): RenewAnswer {
    const { claims, serverClock } = this.#opened()
    const [kind, words = ''] = wordsOf(answer)
    if (kind === 'error') return engineError(new Error(words), 'renew')
    const told = toldOf(answer, askedAt, serverClock)
    // A renewal with a wrong token is gone, and the claim of that id is not.
    if (told.standing.kind === 'gone') return told.standing
    return claims.answered(this.#keys.line(ref.resource), ref.id, told)
  }

  /** The line tells its channel of changes for as long as it remembers that somebody listens: then he has to come again. */
  async #observe(resource: string, memo: Memo, signal: AbortSignal): Promise<Hint> {
    const { connection, channels, clock } = this.#opened()
    const key = this.#keys.line(resource)
    const { promise, resolve } = Promise.withResolvers<Hint>()
    const end = (): void => resolve({ kind: 'hint', memo })
    const stop = await channels.observe(key, (version) => {
      if (version === undefined) end()
      else if (version !== memo) resolve({ kind: 'hint', memo: version })
    })
    const timer = clock.schedule(OBSERVED_SURELY_MS, end)
    signal.addEventListener('abort', end)
    try {
      if (signal.aborted) end()
      const version = String(await connection.run(scripts.observe, [key], []))
      if (version !== memo) resolve({ kind: 'hint', memo: version })
      return await promise
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', end)
      stop()
    }
  }

  #opened(): Session {
    if (this.#session === undefined) {
      throw new StoreUnavailable('this Redis store is not open: it was closed, or never opened')
    }
    return this.#session
  }
}

/** In the order of `enter.lua`; the last is what a claim says of itself, in the words of `record.lua`. */
function enterArgs(claim: Claim, channel: string): readonly string[] {
  const { id, weight, capacity, ttlMs, lockDelayMs, queue, owner, note } = claim
  const ttlUs = usOf(ttlMs)
  // The short way of the script asks for a delay of exactly 0, and not whether the claim fits into an empty line.
  const delayUs = weight > capacity ? `0${usOf(lockDelayMs)}` : usOf(lockDelayMs)
  const texts = `${channel}|${Buffer.byteLength(owner)}|${owner}${note}`
  return [id, queue ? '1' : '0', ttlUs, `${delayUs}|${weight}|${ttlUs}|0|0|${capacity}|${texts}`]
}

function tokenOf({ token }: Ref): string {
  return token === undefined ? '' : String(token)
}

function usOf(ms: number): string {
  return String(Math.ceil(ms * 1000))
}
