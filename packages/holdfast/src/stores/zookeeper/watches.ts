/** Watches of nodes: each is asked for together with what it is of, so that nothing can happen between the two. */
import type { Blockers, WatchChange } from '../sessions/engine.ts'
import { CODE, ServerRefusal } from '../zookeeper-driver/failures.ts'
import type { NodeChange } from '../zookeeper-driver/node-watches.ts'
import type { NodeTree } from '../zookeeper-driver/tree.ts'
import type { ClaimSession } from './claim-session.ts'
import type { ZookeeperClient } from '../zookeeper-driver/client.ts'
import { versionOf } from './place.ts'
import { linePath, marksPath } from './paths.ts'

/** A watch that was lost is not told at once: what looks again and watches again must not turn in a circle. */
const LOST_AFTER_MS = 200

/**
 * Asks, with what is to be called at the next change, after one that was told or for the first time; returns whether what is
 * waited for has come.
 */
type NodeLook = (notify: (change: NodeChange) => void, change?: NodeChange) => Promise<boolean>

export class ZookeeperWatches {
  readonly #client: ZookeeperClient

  constructor(client: ZookeeperClient) {
    this.#client = client
  }

  watchGone(
    session: ClaimSession,
    resource: string,
    blockers: Blockers,
    told: (change: WatchChange) => void,
  ): () => void {
    const { tree } = session
    const { watched, enough } = lastOf(blockers)
    let goneWeight = 0
    const stops: (() => void)[] = []
    let isOver = false
    const tell = (change: WatchChange): void => {
      if (isOver) return
      isOver = true
      for (const stop of stops) stop()
      told(change)
    }
    for (const [name, weight] of watched) {
      const path = `${linePath(resource)}/${name}`
      const look: NodeLook = async (notify, change) =>
        change === 'deleted' || (await tree.exists(path, notify)) === undefined
      const stop = this.#follow(tree, path, look, (change) => {
        goneWeight += weight
        if (change === 'lost' || goneWeight >= enough) tell(change)
      })
      stops.push(stop)
    }
    return () => {
      isOver = true
      for (const stop of stops) stop()
    }
  }

  watchMarks(session: ClaimSession, told: (change: WatchChange) => void): () => void {
    const { tree } = session
    const path = marksPath(session.id)
    const look: NodeLook = async (notify) => {
      await tree.getData(path, notify)
      told('changed')
      return false
    }
    return this.#follow(tree, path, look, (change) => told(change === 'lost' ? 'lost' : 'changed'))
  }

  watchLine(resource: string, seen: string, told: (version: string) => void): () => void {
    let stop = (): void => undefined
    let isOver = false
    const tell = (version: string): void => {
      if (isOver) return
      isOver = true
      stop()
      told(version)
    }
    this.#client.home().then(
      (tree) => {
        const path = linePath(resource)
        let version = seen
        const look: NodeLook = async (notify) => {
          const stat = await tree.exists(path, notify)
          const read = stat === undefined ? undefined : await tree.getChildren(path, notify).catch(unlessMissing)
          version = versionOf(read?.stat)
          return version !== seen
        }
        if (!isOver) stop = this.#follow(tree, path, look, () => tell(version))
      },
      () => this.#later(() => tell(seen)),
    )
    return () => {
      isOver = true
      stop()
    }
  }

  /** Looks again at every change, until what is waited for has come or nothing can be known any more. */
  #follow(tree: NodeTree, path: string, look: NodeLook, told: (change: WatchChange) => void): () => void {
    let isOver = false
    const lose = (): void => this.#later(() => end('lost'))
    const end = (change: WatchChange): void => {
      if (isOver) return
      stop()
      told(change)
    }
    const notify = (change: NodeChange): void => {
      if (isOver) return
      if (change === 'lost') lose()
      else ask(change)
    }
    const ask = (change?: NodeChange): void => {
      look(notify, change).then((hasCome) => hasCome && end('changed'), lose)
    }
    const stop = (): void => {
      isOver = true
      tree.unwatch(path, notify)
    }
    ask()
    return stop
  }

  #later(tell: () => void): void {
    this.#client.environment.timers.addIn(tell, LOST_AFTER_MS)
  }
}

/**
 * The last of them, as many as cannot all be there when the turn has come: a claim in a long line asks for few nodes. It is told
 * too early where one of these goes before its turn, and never too late.
 */
function lastOf({ weights, enough }: Blockers): {
  readonly watched: readonly [string, number][]
  readonly enough: number
} {
  const all = [...weights]
  const room = all.reduce((sum, [, weight]) => sum + weight, 0) - enough
  const watched: [string, number][] = []
  let watchedWeight = 0
  while (watchedWeight <= room) {
    const last = all.pop()
    if (last === undefined) break
    watched.push(last)
    watchedWeight += last[1]
  }
  return { watched, enough: watchedWeight - room }
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof ServerRefusal) || error.code !== CODE.noNode) throw error
}
