/**
 * Between the library and the engine: stamps requests when they leave, as real stores do, writes down what the judge
 * needs to know about claims, and lets answers through only while the process runs.
 */
import type { Clock, Stamp, Standing, Store } from 'holdfast'
import { aroundStore } from 'holdfast/testing'
import type { Detail } from '@holdfast/testbed/history'
import type { HistoryWriter } from './history-writer.ts'
import type { Process } from './process.ts'

/** A grant that was pushed to a claim and not heard of ends after this long, or after its ttl; then the next ask stands in line anew. */
const PUSHED_LIFE_MS = 3_000

/** Claim ids are random on purpose; a history that must repeat numbers them. */
export class ClaimNumbers {
  readonly #details = new Map<string, { readonly id: string; readonly keptMs: number }>()

  /** What the judge is told of a claim. */
  of(id: string, ttlMs: number = PUSHED_LIFE_MS): { readonly id: string; readonly keptMs: number } {
    const known = this.#details.get(id)
    if (known !== undefined) return known
    const detail = { id: `claim-${this.#details.size + 1}`, keptMs: Math.min(ttlMs, PUSHED_LIFE_MS) }
    this.#details.set(id, detail)
    return detail
  }
}

export interface WireOptions {
  readonly process: Process
  readonly writer: HistoryWriter
  readonly numbers: ClaimNumbers
  /** The time of the network: what is under way goes on while the process is paused. */
  readonly network: Clock
}

export function wire(store: Store, { process, writer, numbers, network }: WireOptions): Store {
  const stampOf = (): Stamp => ({ monotonicMs: process.monotonicMs(), wallMs: process.wallMs() })
  const wired = aroundStore(store, (open) => ({
    async enter(claim) {
      const askedAt = stampOf()
      const input = numbers.of(claim.id, claim.ttlMs)
      const ending = writer.call(process.name, 'enqueue', lockOf(claim.resource), input)
      try {
        const standing = await process.receive(open.enter(claim))
        ending.ok(standingDetail(standing))
        return standing.kind === 'held' ? { ...standing, askedAt } : standing
      } catch (error) {
        ending.info()
        throw error
      }
    },
    async renew(renewals) {
      const askedAt = stampOf()
      const endings = renewals.map(({ ref }) => {
        const lock = lockOf(ref.resource)
        // A waiter that is renewed asks for its place, and may be told that it holds.
        return ref.token === undefined
          ? writer.call(process.name, 'enqueue', lock, numbers.of(ref.id))
          : writer.call(process.name, 'renew', lock, { token: String(ref.token) })
      })
      try {
        const answers = await process.receive(open.renew(renewals))
        return answers.map((answer, index) => {
          const ending = endings[index]
          if (answer instanceof Error) ending?.info()
          else if (renewals[index]?.ref.token === undefined || answer.kind === 'held')
            ending?.ok(standingDetail(answer))
          else ending?.fail('GONE')
          return !(answer instanceof Error) && answer.kind === 'held' ? { ...answer, askedAt } : answer
        })
      } catch (error) {
        for (const ending of endings) ending.info()
        throw error
      }
    },
    async watch(ref, signal) {
      const news = await process.receive(open.watch(ref, signal))
      if (news.kind === 'held') {
        writer.call(process.name, 'enqueue', lockOf(ref.resource), numbers.of(ref.id)).ok(standingDetail(news))
      }
      return news
    },
    leave(ref, options) {
      // From here on the place is given up, whatever an ask that was overtaken by this still gets.
      writer.moment(process.name, 'left', lockOf(ref.resource), numbers.of(ref.id))
      return process.receive(open.leave(ref, options))
    },
    look: (resource) => process.receive(open.look(resource)),
    list: (prefix, cursor, limit) => process.receive(open.list(prefix, cursor, limit)),
    evict: (resource, token, reason) => process.receive(open.evict(resource, token, reason)),
  }))
  return { open: (environment) => process.receive(wired.open({ ...environment, clock: network })) }
}

/** Next to the engine: the client's own clock again, for stamps of pushed grants. */
export function withClock(store: Store, clock: Clock): Store {
  return { open: (environment) => store.open({ ...environment, clock }) }
}

/** The simulation uses plain names in one namespace, so the encoding changes nothing. */
export function lockOf(resource: string): string {
  return resource.slice(resource.indexOf('!') + 1)
}

function standingDetail(standing: Standing): Detail {
  if (standing.kind === 'held') return { standing: 'held', token: String(standing.token) }
  if (standing.kind === 'queued' && standing.lifeMs !== undefined)
    return { standing: 'queued', lifeMs: Math.floor(standing.lifeMs) }
  return { standing: standing.kind }
}
