/** The route from one worker to one server, on which several faults may be in force at once. */
import { openProxy, type Proxy, type ProxyStats, type ProxyTarget } from '@holdfast/testbed/proxy/proxy'
import type { ProxyMode } from '@holdfast/testbed/proxy/mode'

export class Route {
  readonly place: string
  /** Which of the servers. */
  readonly server: number
  readonly #proxy: Proxy
  readonly #imposed: ProxyMode[] = []
  readonly #hits = new Map<ProxyMode, number>()
  #before: ProxyStats

  private constructor(place: string, server: number, proxy: Proxy) {
    this.place = place
    this.server = server
    this.#proxy = proxy
    this.#before = proxy.stats
  }

  static async open(place: string, server: number, target: ProxyTarget): Promise<Route> {
    return new Route(place, server, await openProxy(target))
  }

  through(url: string): string {
    return this.#proxy.through(url)
  }

  /**
   * The last one that was imposed and is not lifted yet is in force. Answers how to lift this one, which tells how many
   * bytes it has lost or held up while it was in force, or how many connections it has reset.
   */
  impose(mode: ProxyMode): () => number {
    this.#count()
    this.#imposed.push(mode)
    this.#proxy.set(mode)
    return () => {
      const index = this.#imposed.indexOf(mode)
      if (index >= 0) {
        this.#count()
        this.#imposed.splice(index, 1)
        this.#proxy.set(this.#imposed.at(-1) ?? { kind: 'pass' })
      }
      return this.#hits.get(mode) ?? 0
    }
  }

  /** What came by since the last change belongs to what was in force. */
  #count(): void {
    const now = this.#proxy.stats
    const mode = this.#imposed.at(-1)
    if (mode !== undefined) this.#hits.set(mode, (this.#hits.get(mode) ?? 0) + hitsOf(mode, this.#before, now))
    this.#before = now
  }

  /** From now on it leads elsewhere; open connections are reset, as by an address that moves. */
  leadTo(target: ProxyTarget): void {
    this.#proxy.retarget(target)
  }

  close(): Promise<void> {
    return this.#proxy.close()
  }
}

function hitsOf({ kind }: ProxyMode, before: ProxyStats, now: ProxyStats): number {
  const bytes = (stats: ProxyStats, of: keyof ProxyStats['requests']): number => stats.requests[of] + stats.replies[of]
  switch (kind) {
    case 'pass':
      return 0
    case 'cut':
      // Those that were open, and those that were refused.
      return before.open + now.accepted - before.accepted
    case 'hold':
      return bytes(now, 'waitingBytes')
    case 'delay':
      return bytes(now, 'passedBytes') + bytes(now, 'waitingBytes') - bytes(before, 'passedBytes')
    case 'black-hole':
    case 'lose-replies':
    case 'lose-requests':
      return bytes(now, 'lostBytes') - bytes(before, 'lostBytes')
  }
}
