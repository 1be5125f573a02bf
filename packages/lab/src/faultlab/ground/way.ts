/** The way from one worker to one server, on which several faults may lie at once. */
import { openProxy, type Proxy, type ProxyTarget } from '../../proxy/proxy.ts'
import type { ProxyMode } from '../../proxy/mode.ts'

export class Way {
  readonly place: string
  /** Which of the servers. */
  readonly server: number
  readonly #proxy: Proxy
  readonly #imposed: ProxyMode[] = []

  private constructor(place: string, server: number, proxy: Proxy) {
    this.place = place
    this.server = server
    this.#proxy = proxy
  }

  static async open(place: string, server: number, target: ProxyTarget): Promise<Way> {
    return new Way(place, server, await openProxy(target))
  }

  through(url: string): string {
    return this.#proxy.through(url)
  }

  /** The last one that was imposed and is not lifted yet is in force. Answers how to lift this one. */
  impose(mode: ProxyMode): () => void {
    this.#imposed.push(mode)
    this.#proxy.set(mode)
    return () => {
      const index = this.#imposed.indexOf(mode)
      if (index < 0) return
      this.#imposed.splice(index, 1)
      this.#proxy.set(this.#imposed.at(-1) ?? { kind: 'pass' })
    }
  }

  /** From now on it leads elsewhere; who is on it is reset, as by an address that moves. */
  leadTo(target: ProxyTarget): void {
    this.#proxy.retarget(target)
  }

  close(): Promise<void> {
    return this.#proxy.close()
  }
}
