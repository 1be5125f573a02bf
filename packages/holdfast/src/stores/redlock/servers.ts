/**
 * The servers of a Redlock for those who operate them: which list each is under, and changing that list in single steps, so
 * that no two majorities exist that know nothing of each other. docs/protocols/redlock-servers.md says why each step is safe.
 */
import { type Clock, systemClock } from '../../time/clock.ts'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import { listsOf, wordsOf } from './agreement.ts'
import { type Marker, markersOf } from './data-markers.ts'
import { NODE_MS_MAX, quarantineMs, SOLE_EVERY_MS } from './limits.ts'
import { changeOf, idOf, isMajority, type ServerMembership, membershipOf, type ServerList } from './membership.ts'
import type { RedisNode } from './node.ts'
import { type Fleet, fleetOf, type JoinPlan } from './open.ts'
import { causesOf, majorityOf, poll, troubleOf } from './quorum.ts'
import { scripts } from './scripts.ts'
import { wordOf } from './wire.ts'

export interface RedlockServer {
  readonly name: string
  /** On which of the lists that the caller gave. */
  readonly on: 'both' | 'old' | 'new'
  /**
   * `old`, `new`: under that list. `between`: under the step from the one to the other. `none`: it has no data. `other`: under
   * a list that the caller did not give. `away`: it does not answer.
   */
  readonly under: 'old' | 'between' | 'new' | 'none' | 'other' | 'away'
  /** The servers of its list, where it knows them by name. */
  readonly list: string
  /** Until its votes count. */
  readonly quarantinedForMs: number
  /** Since a client was at work that knows the list of this server and no other; infinite when none was. */
  readonly soleClientForMs: number
}

export interface RedlockStep {
  /** `prepared`: the new servers take part. `left`: no server votes for those who know the old list alone. `done`: the new list counts. */
  readonly step: 'prepared' | 'left' | 'done'
  /** Before this has passed, the next step is not taken. */
  readonly waitMs: number
}

export interface FinishOptions {
  /** Servers that are gone for good and need not be asked. @default none */
  readonly without?: readonly string[]
  /** Although clients were at work that know the old list alone: they lose their locks. @default false */
  readonly force?: boolean
}

export interface RedlockServers extends AsyncDisposable {
  /** Every server as it says it is; changes nothing. */
  status(): Promise<readonly RedlockServer[]>
  /** The first step of a change: puts the servers that are new under it, so that they are out of their quarantine when clients come. */
  begin(): Promise<RedlockStep>
  /** The second step, once all clients know both lists: takes the old list away, waits for its leases, gives the new one. Call it again after `waitMs`. */
  finish(options?: FinishOptions): Promise<RedlockStep>
  /** Begins anew with those servers that are there, after all of them lost their data and one does not come back. */
  start(): Promise<RedlockStep>
  close(): void
}

interface Seen {
  readonly node: RedisNode
  readonly index: number
  readonly name: string
  readonly marker: Marker | undefined
}

export class ServersOfRedlock implements RedlockServers {
  readonly #plan: JoinPlan
  readonly #clock: Clock
  readonly #fleet: Fleet

  constructor(plan: JoinPlan, clock: Clock = systemClock) {
    this.#plan = plan
    this.#clock = clock
    this.#fleet = fleetOf(plan, clock)
  }

  async status(): Promise<readonly RedlockServer[]> {
    const { seen, lists } = await this.#look()
    return seen.map(({ name, marker }) => ({
      name,
      on: onOf(name, lists),
      under: underOf(marker, lists),
      list: marker?.words ?? '',
      quarantinedForMs: marker?.joinsInMs ?? 0,
      soleClientForMs: marker?.soleForMs ?? Number.POSITIVE_INFINITY,
    }))
  }

  async begin(): Promise<RedlockStep> {
    const { seen, lists } = await this.#look()
    const { to, from } = bothOf(lists)
    const step = membershipOf(this.#plan.lists.names, to, from)
    refuseUnless(seen, 'away', ({ marker }) => marker !== undefined)
    refuseUnless(seen, 'under another list', ({ marker }) => isUnderOneOf(marker, ['', ...step.accepted]))
    refuseUnless(seen, 'without data, and on the old list: wait for its quarantine', ({ name, marker }) => {
      return !from.names.includes(name) || marker?.list !== ''
    })
    const generation = Math.max(1, ...seen.map(({ marker }) => marker?.generation ?? 0))
    const fresh = seen.filter(({ marker }) => marker?.list === '')
    await this.#put(fresh, step, { id: step.own, generation, words: stepWords(from, to) })
    return { step: 'prepared', waitMs: fresh.length > 0 ? quarantineMs(step.keptOutMs) : longestQuarantine(seen) }
  }

  async finish({ without = [], force = false }: FinishOptions = {}): Promise<RedlockStep> {
    const { seen: all, lists } = await this.#look()
    const { to, from } = bothOf(lists)
    const step = membershipOf(this.#plan.lists.names, to, from)
    const unknown = without.filter((gone) => all.every(({ name }) => name !== gone))
    if (unknown.length > 0) throw new Misuse(`nothing was changed: ${unknown.join(', ')} is on neither list`)
    const seen = all.filter(({ name }) => !without.includes(name))
    refuseUnless(
      seen,
      'away: it may come back with the old list, so it must be there or be named as gone',
      (server) => {
        return server.marker !== undefined
      },
    )
    refuseUnless(seen, 'under another list', ({ marker }) => isUnderOneOf(marker, step.accepted))
    if (seen.filter(({ name }) => from.names.includes(name)).length < majorityOf(from.names.length)) {
      throw new Misuse('fewer than a majority of the old list are left: nobody can know any more what they promised')
    }
    const isUnder = (id: string): boolean => seen.some(({ marker }) => marker?.list === id)
    const generation = Math.max(...seen.map(({ marker }) => marker?.generation ?? 0))
    const last = { id: idOf(to), words: wordsOf(to) }
    if (isUnder(idOf(to))) {
      // It was begun: what missed it follows.
      const late = seen.filter(({ marker }) => marker?.list !== idOf(to))
      await this.#put(late, step, { ...last, generation })
      return { step: 'done', waitMs: 0 }
    }
    if (isUnder(idOf(from))) {
      if (!force) refuseSoleClients(seen, idOf(from), step.keptOutMs + SOLE_EVERY_MS)
      await this.#put(seen, step, { id: step.own, generation: generation + 1, words: stepWords(from, to) })
      return { step: 'left', waitMs: quarantineMs(step.keptOutMs) }
    }
    const leftForMs = Math.min(...seen.map(({ marker }) => marker?.listedForMs ?? 0))
    const waitMs = Math.max(quarantineMs(step.keptOutMs) - leftForMs, longestQuarantine(seen))
    if (waitMs > 0) return { step: 'left', waitMs }
    await this.#put(seen, step, { ...last, generation: generation + 1 })
    return { step: 'done', waitMs: 0 }
  }

  async start(): Promise<RedlockStep> {
    const { seen, lists } = await this.#look()
    if (lists.from !== undefined) throw new Misuse('a start has one list: leave out `from`')
    const membership = membershipOf(this.#plan.lists.names, lists.to)
    const there = seen.filter(({ marker }) => marker !== undefined)
    if (!isMajority(membership.quorum, (index) => seen[index]?.marker !== undefined)) {
      throw new Misuse('fewer than a majority of the servers are there')
    }
    refuseUnless(there, 'under another list', ({ marker }) => isUnderOneOf(marker, ['', membership.own]))
    const generation = Math.max(1, ...there.map(({ marker }) => marker?.generation ?? 0))
    await this.#put(there, membership, { id: membership.own, generation, words: wordsOf(lists.to) })
    return { step: 'done', waitMs: quarantineMs(membership.keptOutMs) }
  }

  close(): void {
    this.#fleet.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async #look(): Promise<{ readonly seen: readonly Seen[]; readonly lists: Lists }> {
    const { nodes } = this.#fleet
    const { names, to, from } = this.#plan.lists
    await Promise.allSettled(nodes.filter((node) => node.findings === undefined).map((node) => node.open()))
    const markers = await markersOf({ ...this.#fleet, clock: this.#clock }, this.#plan.keys)
    const seen = nodes.map((node, index) => ({ node, index, name: names[index] ?? node.name, marker: markers[index] }))
    return { seen, lists: listsOf({ to, from }, markers) }
  }

  async #put(
    servers: readonly Seen[],
    { accepted, keptOutMs }: ServerMembership,
    { id, generation, words }: { readonly id: string; readonly generation: number; readonly words: string },
  ): Promise<void> {
    const nodes = servers.map(({ node }) => node)
    if (nodes.length === 0) return
    const args = [accepted.join(' '), id, String(generation), words, String(keptOutMs)]
    await poll({
      ...this.#fleet,
      nodes,
      clock: this.#clock,
      limitMs: NODE_MS_MAX,
      ask: async (node) => wordOf(await node.run(scripts.list, [this.#plan.keys.marker], args)),
      decide(replies, isOver) {
        if (!isOver) return undefined
        const causes = replies.map((reply) => {
          const isRefused = reply !== undefined && 'answer' in reply && reply.answer !== 'listed'
          return isRefused ? 'is under another list by now' : troubleOf(reply, NODE_MS_MAX)
        })
        if (causes.every((cause) => cause === undefined)) return true
        throw new StoreUnavailable(
          `not all servers took the step: ${causesOf(nodes, causes)}. The others have it, and it can be taken again`,
        )
      },
    })
  }
}

interface Lists {
  readonly to: ServerList
  readonly from: ServerList | undefined
}

function bothOf({ to, from }: Lists): Required<Lists> & { readonly from: ServerList } {
  if (from === undefined) throw new Misuse('to change the servers both lists are needed: the new one, and `from`')
  return { to, from }
}

function onOf(name: string, { to, from }: Lists): RedlockServer['on'] {
  if (!to.names.includes(name)) return 'old'
  return from === undefined || from.names.includes(name) ? 'both' : 'new'
}

function underOf(marker: Marker | undefined, { to, from }: Lists): RedlockServer['under'] {
  if (marker === undefined) return 'away'
  if (marker.list === '') return 'none'
  if (marker.list === idOf(to)) return 'new'
  if (from === undefined) return 'other'
  return marker.list === idOf(from) ? 'old' : marker.list === changeOf(from, to) ? 'between' : 'other'
}

function isUnderOneOf(marker: Marker | undefined, ids: readonly string[]): boolean {
  return marker !== undefined && ids.includes(marker.list)
}

function longestQuarantine(seen: readonly Seen[]): number {
  return Math.max(0, ...seen.map(({ marker }) => marker?.joinsInMs ?? 0))
}

function refuseUnless(seen: readonly Seen[], what: string, isFine: (server: Seen) => boolean): void {
  const wrong = seen.filter((server) => !isFine(server)).map(({ name }) => name)
  if (wrong.length > 0)
    throw new Misuse(`nothing was changed: ${wrong.join(', ')} ${wrong.length > 1 ? 'are' : 'is'} ${what}`)
}

/** Their locks would be lost, and they would not get them again. What is written down of them is a moment old. */
function refuseSoleClients(seen: readonly Seen[], old: string, withinMs: number): void {
  const lately = seen.filter(({ marker }) => marker?.list === old && marker.soleForMs < withinMs)
  const [first] = lately.toSorted((one, other) => (one.marker?.soleForMs ?? 0) - (other.marker?.soleForMs ?? 0))
  if (first?.marker === undefined) return
  throw new Misuse(
    `nothing was changed: a client that knows the old list alone was at work ${Math.round(first.marker.soleForMs / 1000)} s ago ` +
      `(${first.name}). Give every client both lists first, and come back ${Math.ceil(withinMs / 1000)} s after the last one; ` +
      'or let those that are left lose their locks (force)',
  )
}

function stepWords(from: ServerList, to: ServerList): string {
  return `on the way from ${wordsOf(from)} to ${wordsOf(to)}`
}
