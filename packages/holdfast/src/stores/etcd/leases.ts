/** Sessions as leases of etcd. Only what etcd granted counts, which may be more than was asked for. */
import type { Clock, Stamp } from '../../time/clock.ts'
import { stampOf } from '../../time/clock.ts'
import type { EtcdChannel } from '../etcd-driver/channel.ts'
import { GRPC } from '../etcd-driver/failures.ts'
import { grantMethod, keepAliveMethod, remainingMethod, revokeMethod } from '../etcd-driver/messages.ts'
import type { EngineSession } from '../sessions/engine.ts'

/** Numbers of JavaScript carry so many bits, wherever else a person may read the id. */
const ID_BITS = 52
/** Each is a request of its own. */
const ASKED_MAX = 32

export interface EtcdSession extends EngineSession {
  readonly lease: bigint
  askedAt: Stamp
  isDead: boolean
}

export class Leases {
  readonly #channel: EtcdChannel
  readonly #clock: Clock

  constructor(channel: EtcdChannel, clock: Clock) {
    this.#channel = channel
    this.#clock = clock
  }

  async begin(ttlMs: number, delayMs: number): Promise<EtcdSession> {
    const askedAt = stampOf(this.#clock)
    const { id, grantedMs } = await this.grant(ttlMs + delayMs)
    return { lease: id, ttlMs: grantedMs - delayMs, delayMs, askedAt, isDead: false }
  }

  /** A lease that nothing keeps alive: etcd ends it, and what stands on it. */
  async grant(ms: number): Promise<{ readonly id: bigint; readonly grantedMs: number }> {
    const request = { id: newLeaseId(), ttl: BigInt(Math.ceil(ms / 1000)) }
    const { id, ttl } = await this.#channel.call(grantMethod, request, 'asking for a lease')
    return { id, grantedMs: Number(ttl) * 1000 }
  }

  async keepAlive(session: EtcdSession): Promise<void> {
    const askedAt = stampOf(this.#clock)
    const { ttl } = await this.#channel.call(keepAliveMethod, { id: session.lease }, 'keeping a lease alive')
    if (ttl <= 0n) session.isDead = true
    // Of two answers that cross, the newer question counts.
    else if (askedAt.monotonicMs > session.askedAt.monotonicMs) session.askedAt = askedAt
  }

  /** For people: how many whole seconds are left of each of these, as far as that is known. */
  async remaining(leases: Iterable<bigint>): Promise<ReadonlyMap<bigint, number>> {
    const asked = [...new Set(leases)].slice(0, ASKED_MAX)
    const ask = async (id: bigint): Promise<bigint> =>
      (await this.#channel.call(remainingMethod, { id }, 'looking at a lease')).ttl
    // A server under load answers this last, and the line is worth showing without it.
    const answers = await Promise.allSettled(asked.map(ask))
    return new Map(
      asked.flatMap((id, index) => {
        const answer = answers[index]
        return answer?.status === 'fulfilled' ? [[id, Number(answer.value)] as const] : []
      }),
    )
  }

  async revoke(id: bigint): Promise<void> {
    const gone = (code: number): object | undefined => (code === GRPC.notFound ? {} : undefined)
    await this.#channel.call(revokeMethod, { id }, 'ending a lease', gone)
  }
}

function newLeaseId(): bigint {
  const [random = 0n] = crypto.getRandomValues(new BigUint64Array(1))
  return BigInt.asUintN(ID_BITS, random) || 1n
}
