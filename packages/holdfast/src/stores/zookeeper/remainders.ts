/**
 * Claims that ended and whose weight goes on counting: a minimum hold, or the lock-delay after an eviction. No session ends
 * their nodes, so a claim that finds one over deletes it. How much is left is asked of the leader's clock when the node is
 * first seen, and counted on the monotonic clock from then on.
 */
import type { NodeTree } from '../zookeeper-driver/tree.ts'
import type { ZookeeperClient } from '../zookeeper-driver/client.ts'
import type { NodeName } from './node-name.ts'
import { CLOCK_PATH } from './paths.ts'

/** ZooKeeper tells whole milliseconds of the wall clock of its leader, and another one may lead by now. */
const GRACE_MS = 50
const KNOWN_MAX = 1_000
const NOTHING = new Uint8Array()

export class Remainders {
  readonly #client: ZookeeperClient
  readonly #endAtMs = new Map<string, number>()

  constructor(client: ZookeeperClient) {
    this.#client = client
  }

  /** How long it goes on counting: 0 where it is over. */
  async leftMs(tree: NodeTree, line: string, { name, keepMs }: NodeName): Promise<number> {
    const path = `${line}/${name}`
    const { clock } = this.#client.environment
    let endAtMs = this.#endAtMs.get(path)
    if (endAtMs === undefined) {
      const asked = Promise.all([tree.exists(path), tree.setData(CLOCK_PATH, NOTHING)])
      const [made, now] = await this.#client.call('reading the clock of the leader', asked)
      if (made === undefined) return 0
      const leftMs = keepMs + GRACE_MS - (now.changedWallMs - made.createdWallMs)
      endAtMs = clock.monotonicMs() + Math.min(leftMs, keepMs + GRACE_MS)
      if (this.#endAtMs.size >= KNOWN_MAX) this.#endAtMs.clear()
      this.#endAtMs.set(path, endAtMs)
    }
    return Math.max(0, endAtMs - clock.monotonicMs())
  }

  /** Deletes one that is over. What is not deleted now is found by the next claim. */
  end(tree: NodeTree, line: string, { name }: NodeName): void {
    this.#endAtMs.delete(`${line}/${name}`)
    tree.delete(`${line}/${name}`).catch(() => undefined)
  }
}
