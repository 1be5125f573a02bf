/** The store: each operation is one script on the server, and one connection listens for what others' scripts tell. */
import type { Claim, Ref } from '../../store/claim.ts'
import { type Stamp, stampOf } from '../../time/clock.ts'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
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
} from '../../store/store.ts'
import { adminOf } from './admin.ts'
import { replyFields } from '../redis-driver/answers.ts'
import { engineError } from '../redis-driver/errors.ts'
import { batchesOf } from './renewal-batches.ts'
import { RedisKeys } from './keys.ts'
import { type OpenRedis, openSession, type RedisSession } from './open.ts'
import { OBSERVED_SURELY_MS } from './scripts.ts'
import { viewOfAnswer } from './view.ts'
import { heldSince, decodeReply } from './wire.ts'

/** Taken before a request was sent. */
interface RenewalRequest {
  readonly askedAt: Stamp
  /** As `Claims` counts. */
  readonly heard: number
}

export class RedisStore implements Store {
  readonly admin: StoreAdmin
  readonly #openPort: OpenRedis
  readonly #keys: RedisKeys
  #session: RedisSession | undefined

  constructor(openPort: OpenRedis, prefix: string) {
    this.#openPort = openPort
    this.#keys = new RedisKeys(prefix)
    this.admin = adminOf(this.#keys, () => this.#opened())
  }

  async open(environment: StoreEnvironment): Promise<Facts> {
    const { session, facts } = await openSession(this.#openPort, this.#keys, environment)
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
    const { together, clock, serverClock, channels, claims, scripts, channelOf } = this.#opened()
    const { resource, id } = claim
    const keys = this.#keys.all(resource)
    claims.track(keys[0], id)
    const { heard } = claims
    if (channels.isSharded) this.#missing(claim)
    const askedAt = stampOf(clock)
    try {
      const answer = await together.ask(scripts.enter, keys, enterArgs(claim, channelOf(resource)))
      const told =
        typeof answer === 'string'
          ? heldSince(answer, { token: BigInt(answer), ttlMs: claim.ttlMs }, askedAt, serverClock)
          : decodeReply(answer, askedAt, serverClock)
      return claims.answered(keys[0], id, told, heard)
    } catch (error) {
      // Nobody leaves what surely did not come.
      if (error instanceof NotApplied) claims.untrack(keys[0], id)
      throw error
    }
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    const batches = batchesOf(renewals, this.#keys, this.#opened().isCluster)
    const answered = await Promise.all(batches.map((batch) => this.#renewBatch(batch, batches.length > 1)))
    if (batches.length === 1) return answered.flat()
    // In a Cluster the batches are in the order of their slots.
    const inOrder = answered.flat()
    const answers = new Map(batches.flat().map((renewal, index) => [renewal, inOrder[index]]))
    return renewals.map((renewal) => answers.get(renewal) ?? new OutcomeUnknown('renew: Redis did not answer'))
  }

  async watch(subject: Subject, memo: Memo, signal: AbortSignal): Promise<Standing | Hint> {
    if (signal.aborted) return { kind: 'hint', memo }
    return 'id' in subject ? this.#watchClaim(subject, memo, signal) : this.#observe(subject.resource, memo, signal)
  }

  async look(resource: string): Promise<LineView> {
    const keys = [this.#keys.line(resource), this.#keys.order(resource)]
    const { connection, scripts } = this.#opened()
    return viewOfAnswer(resource, await connection.run(scripts.look, keys, []))
  }

  async leave(ref: Ref, options: LeaveOptions = {}): Promise<'left' | 'gone'> {
    const { together, claims, scripts } = this.#opened()
    const keys = this.#keys.all(ref.resource)
    const args = [ref.id, tokenOf(ref), usOf(options.keepMs ?? 0)]
    claims.end(keys[0], ref.id)
    const answer = await together.ask(scripts.leave, keys, args)
    return answer === 'left' ? 'left' : 'gone'
  }

  /** A failure of one batch of several is the answer for its claims, and the others have theirs. */
  async #renewBatch(renewals: readonly Renewal[], isOneOfSeveral: boolean): Promise<readonly RenewAnswer[]> {
    const { connection, clock, channels, claims, scripts } = this.#opened()
    const keys = renewals.flatMap(({ ref }) => this.#keys.all(ref.resource))
    const args = renewals.flatMap(({ ref, ttlMs, note }) => [
      ref.id,
      tokenOf(ref),
      usOf(ttlMs),
      note === undefined ? '0' : '1',
      note ?? '',
    ])
    const { heard } = claims
    if (channels.isSharded) for (const { ref } of renewals) this.#missing(ref)
    const askedAt = stampOf(clock)
    try {
      const answers = await connection.run(scripts.renew, keys, args)
      return renewals.map(({ ref, ttlMs }, index) => {
        const answer: unknown = Array.isArray(answers) ? answers[index] : undefined
        return this.#renewed(ref, ttlMs, answer, { askedAt, heard })
      })
    } catch (error) {
      if (!isOneOfSeveral) throw error
      const reason = engineError(error, 'renew')
      return renewals.map(() => reason)
    }
  }

  #renewed(ref: Ref, ttlMs: number, answer: unknown, { askedAt, heard }: RenewalRequest): RenewAnswer {
    const { claims, serverClock } = this.#opened()
    const { resource, id, token } = ref
    if (typeof answer === 'string' && token !== undefined) {
      const told = heldSince(answer, { token, ttlMs }, askedAt, serverClock)
      return claims.answered(this.#keys.line(resource), id, told, heard)
    }
    const [kind, words = ''] = replyFields(answer)
    if (kind === 'error') return engineError(new Error(words), 'renew')
    const told = decodeReply(answer, askedAt, serverClock)
    // A renewal with a wrong token is gone, and the claim of that id is not.
    if (told.standing.kind === 'gone') return told.standing
    return claims.answered(this.#keys.line(resource), id, told, heard)
  }

  /** Asked while nobody listens: whatever is told until the next question has to be asked for. */
  #missing({ resource, id }: Pick<Ref, 'resource' | 'id'>): void {
    const { channels, claims, channelOf } = this.#opened()
    if (!channels.hears(channelOf(resource))) claims.missing(this.#keys.line(resource), id)
  }

  /** With sharded channels each line has one of ours, from the first watch on. */
  async #watchClaim({ resource, id }: Ref, memo: Memo, signal: AbortSignal): Promise<Standing | Hint> {
    const { claims, channels, channelOf } = this.#opened()
    const line = this.#keys.line(resource)
    if (!channels.isSharded) return claims.watch(line, id, memo, signal)
    const stop = await channels.observe(channelOf(resource))
    try {
      return await claims.watch(line, id, memo, signal)
    } finally {
      stop()
    }
  }

  /** The line tells its channel of changes for as long as it remembers that somebody listens: then he has to come again. */
  async #observe(resource: string, memo: Memo, signal: AbortSignal): Promise<Hint> {
    const { connection, channels, clock, scripts } = this.#opened()
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

  #opened(): RedisSession {
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
