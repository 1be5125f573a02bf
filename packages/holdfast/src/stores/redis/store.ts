/** The store: each operation is one script on the server, and one connection listens for what others' scripts tell. */
import type { Claim, Ref } from '../../store/claim.ts'
import { type Stamp, stampOf } from '../../time/clock.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { LeaveOptions, OpenStore, Renewal, Store, TokenScaleView } from '../../store/store.ts'
import type { LineView, ResourcePage } from '../../store/line-view.ts'
import type { Facts } from '../../store/facts.ts'
import type { RenewAnswer, Hint, Standing } from '../../store/standing.ts'
import { evictFrom, listOf, rebaseTo } from './admin.ts'
import { replyFields } from '../redis-driver/answers.ts'
import { engineError } from '../redis-driver/errors.ts'
import type { CurrentFacts } from '../redis-driver/current-facts.ts'
import { batchesOf } from './renewal-batches.ts'
import { RedisKeys } from './keys.ts'
import { type OpenRedis, openSession, type RedisSession } from './open.ts'
import { OBSERVED_SURELY_MS } from './scripts.ts'
import { viewOfAnswer } from './view.ts'
import { decodeReply, grantedTogether, heldSince, type NoteTime } from './wire.ts'

/** Taken before a request was sent. */
interface RenewalRequest {
  readonly askedAt: Stamp
  /** As `LocalClaims` counts. */
  readonly eventCount: number
  /** Of a Cluster; 0 on one server. */
  readonly slot: number
}

export function redisStore(openPort: OpenRedis, prefix: string): Store {
  const keys = new RedisKeys(prefix)
  return {
    async open(environment) {
      return new RedisStore(keys, await openSession(openPort, keys, environment))
    },
  }
}

class RedisStore implements OpenStore {
  readonly #keys: RedisKeys
  readonly #promises: CurrentFacts
  #session: RedisSession | undefined
  readonly rebase?: (to?: bigint) => Promise<TokenScaleView>

  constructor(keys: RedisKeys, session: RedisSession) {
    this.#keys = keys
    this.#session = session
    this.#promises = session.promises
    if (!session.isCluster) this.rebase = async (to) => rebaseTo(this.#opened(), this.#keys, to)
  }

  get facts(): Facts {
    return this.#promises.facts
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    session?.close()
  }

  async enter(claim: Claim): Promise<Standing> {
    const session = this.#opened()
    const { together, connection, clock, serverClock, channels, claims, promises, scripts, slotOf } = session
    const { resource, id, ttlMs } = claim
    if (!promises.areCurrent) await promises.settleBefore('enter')
    const keys = this.#keys.all(resource)
    const [line] = keys
    const slot = slotOf(line)
    const beginByUs = serverClock.usIn(BEGIN_WITHIN_MS, slot)
    claims.track(line, id, beginByUs)
    const { eventCount } = claims
    const { doubts } = promises
    if (channels.isSharded) this.#missing(claim)
    const note: NoteTime = (stamp, serverUs) => serverClock.note(stamp, serverUs, slot)
    const askedAt = stampOf(clock)
    try {
      const shared = [beginByUs === undefined ? WHENEVER : String(beginByUs), usOf(askedAt.wallMs)]
      const args = enterArgs(claim, session.channelOf(resource))
      const floor = this.#keys.floor(session.isCluster ? slot : undefined)
      const { answer, place } = await together.ask({ script: scripts.enter, slot, floor, keys, shared, args })
      const told =
        typeof answer === 'string'
          ? grantedTogether(answer, { place, ttlMs }, askedAt, note)
          : decodeReply(answer, askedAt, note)
      if (connection.mayDouble(promises.doubts !== doubts)) claims.doubled(line, id)
      if (!promises.areCurrent) await promises.settleAfter('enter')
      return claims.answered(line, id, told, eventCount)
    } catch (error) {
      // Core never calls leave for an enter that was not applied, so it is forgotten here.
      if (error instanceof NotApplied) claims.untrack(line, id)
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
    const channel = channelOf(resource)
    const stop = channels.isSharded ? await channels.observe(channel) : undefined
    const stopWaiting = channels.waitOn(channel)
    try {
      return await claims.watch(line, id, signal)
    } finally {
      stopWaiting()
      stop?.()
    }
  }

  async list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    return listOf(this.#opened(), this.#keys, { prefix, cursor, limit })
  }

  async evict(resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'> {
    return evictFrom(this.#opened(), this.#keys, { resource, token, reason })
  }

  async look(resource: string): Promise<LineView> {
    const { connection, scripts } = this.#opened()
    return viewOfAnswer(resource, await connection.run(scripts.look, this.#keys.all(resource), []))
  }

  async leave({ resource, id, token }: Ref, options: LeaveOptions = {}): Promise<'left' | 'gone'> {
    const { together, claims, clock, serverClock, scripts, isCluster, slotOf } = this.#opened()
    const keys = this.#keys.all(resource)
    const [line] = keys
    const slot = slotOf(line)
    const { beginByUs, isDoubled } = claims.end(line, id)
    const keepUs = Math.ceil((options.keepMs ?? 0) * 1000)
    const isInDoubt = options.outcomeUnknown === true || isDoubled
    const untilUs = isInDoubt ? (beginByUs ?? serverClock.usIn(BEGIN_WITHIN_MS, slot) ?? 0) : 0
    const ref = `h|${token ?? ''}|${id}|`
    const args = [keepUs > 0 || untilUs > 0 ? `${keepUs}|${untilUs}|${ref}` : ref]
    const shared = [usOf(clock.wallMs())]
    const floor = this.#keys.floor(isCluster ? slot : undefined)
    const { answer } = await together.ask({ script: scripts.leave, slot, floor, keys, shared, args })
    return answer === 'left' ? 'left' : 'gone'
  }

  /** A failure of one batch of several is the answer for its claims, and the others have theirs. */
  async #renewBatch(renewals: readonly Renewal[], isOneOfSeveral: boolean): Promise<readonly RenewAnswer[]> {
    const { connection, clock, channels, claims, scripts, slotOf, isCluster } = this.#opened()
    const lines = renewals.flatMap(({ ref }) => this.#keys.all(ref.resource))
    const slot = slotOf(lines[0] ?? '')
    const keys = [this.#keys.floor(isCluster ? slot : undefined), ...lines]
    const args = renewals.flatMap(({ ref, ttlMs, note }) => {
      const ttlUs = usOf(ttlMs)
      const known = `h|${ref.token ?? ''}|${ref.id}|${ttlUs}|0|0|`
      return [ttlUs, note === undefined ? known : `=${known}${note}`]
    })
    const { eventCount } = claims
    if (channels.isSharded) for (const { ref } of renewals) this.#missing(ref)
    const asked = { askedAt: stampOf(clock), eventCount, slot }
    try {
      const answers = await connection.run(scripts.renew, keys, [usOf(asked.askedAt.wallMs), ...args])
      return renewals.map(({ ref, ttlMs }, index) => {
        const answer: unknown = Array.isArray(answers) ? answers[index] : answers
        return this.#renewed(ref, ttlMs, answer, asked)
      })
    } catch (error) {
      if (!isOneOfSeveral) throw error
      const reason = engineError(error, 'renew')
      return renewals.map(() => reason)
    }
  }

  #renewed(ref: Ref, ttlMs: number, answer: unknown, { askedAt, eventCount, slot }: RenewalRequest): RenewAnswer {
    const { claims, serverClock } = this.#opened()
    const note: NoteTime = (stamp, serverUs) => serverClock.note(stamp, serverUs, slot)
    const { resource, id, token } = ref
    if (typeof answer === 'string' && token !== undefined) {
      const told = heldSince(answer, { token, ttlMs }, askedAt, note)
      return claims.answered(this.#keys.line(resource), id, told, eventCount)
    }
    const [kind, words = ''] = replyFields(answer)
    if (kind === 'error') return engineError(new Error(words), 'renew')
    const told = decodeReply(answer, askedAt, note)
    // A renewal with a wrong token is gone, and the claim of that id is not.
    if (told.standing.kind === 'gone') return told.standing
    return claims.answered(this.#keys.line(resource), id, told, eventCount)
  }

  /** Asked while the channel is not listened to: what is published until the next question has to be asked for. */
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
      const version = String(await connection.run(scripts.observe, this.#keys.all(resource), []))
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

/** A request that comes later than this does nothing: core has given it up, and its claim may have been left. */
const BEGIN_WITHIN_MS = ATTEMPT_MS_MAX
/** Before the first answer the time of the server is not known. */
const WHENEVER = '9e15'

/** In the order of `enter-fast.lua`; the last is what a claim says of itself, in the words of `record.lua`. */
function enterArgs(claim: Claim, channel: string): readonly string[] {
  const { id, weight, capacity, ttlMs, lockDelayMs, queue, owner, note } = claim
  const ttlUs = usOf(ttlMs)
  const goesShortWay = lockDelayMs === 0 && weight <= capacity
  const texts = `${channel}|${Buffer.byteLength(owner)}|${owner}${note}`
  const words = `${id}|${ttlUs}|0|${usOf(lockDelayMs)}|${weight}|0|${capacity}|${texts}`
  return [goesShortWay ? ttlUs : '', queue ? '1' : '0', words]
}

function usOf(ms: number): string {
  return String(Math.ceil(ms * 1000))
}
