/** The store: each operation is one script on the server, and one connection listens for what others' scripts tell. */
import type { Claim, Ref } from '../../store/claim.ts'
import { type Stamp, stampOf } from '../../time/clock.ts'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { LeaveOptions, OpenStore, Renewal, Store } from '../../store/store.ts'
import type { LineView, ResourcePage } from '../../store/line-view.ts'
import type { Facts } from '../../store/facts.ts'
import type { RenewAnswer, Hint, Standing } from '../../store/standing.ts'
import { evictFrom, listOf } from './admin.ts'
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

export function redisStore(openPort: OpenRedis, prefix: string): Store {
  const keys = new RedisKeys(prefix)
  return {
    async open(environment) {
      const { session, facts } = await openSession(openPort, keys, environment)
      return new RedisStore(keys, session, facts)
    },
  }
}

class RedisStore implements OpenStore {
  readonly facts: Facts
  readonly #keys: RedisKeys
  #session: RedisSession | undefined

  constructor(keys: RedisKeys, session: RedisSession, facts: Facts) {
    this.#keys = keys
    this.#session = session
    this.facts = facts
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

  /** With sharded channels each line has one of ours, from the first watch on. */
  async watch({ resource, id }: Ref, signal: AbortSignal): Promise<Standing | Hint> {
    const { claims, channels, channelOf } = this.#opened()
    if (signal.aborted) return { kind: 'hint' }
    const line = this.#keys.line(resource)
    if (!channels.isSharded) return claims.watch(line, id, signal)
    const stop = await channels.observe(channelOf(resource))
    try {
      return await claims.watch(line, id, signal)
    } finally {
      stop()
    }
  }

  async list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    return listOf(this.#opened(), this.#keys, { prefix, cursor, limit })
  }

  async evict(resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'> {
    return evictFrom(this.#opened(), this.#keys, { resource, token, reason })
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

  /** The line publishes its changes for as long as it remembers an observer: then register again. */
  async observe(resource: string, seen: string, signal: AbortSignal): Promise<string> {
    const { connection, channels, clock, scripts } = this.#opened()
    const key = this.#keys.line(resource)
    const { promise, resolve } = Promise.withResolvers<string>()
    const end = (): void => resolve(seen)
    const stop = await channels.observe(key, (version) => {
      if (version === undefined) end()
      else if (version !== seen) resolve(version)
    })
    const timer = clock.schedule(OBSERVED_SURELY_MS, end)
    signal.addEventListener('abort', end)
    try {
      if (signal.aborted) end()
      const version = String(await connection.run(scripts.observe, [key], []))
      if (version !== seen) resolve(version)
      return await promise
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', end)
      stop()
    }
  }

  #opened(): RedisSession {
    if (this.#session === undefined) {
      throw new StoreUnavailable('this Redis store was closed')
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
