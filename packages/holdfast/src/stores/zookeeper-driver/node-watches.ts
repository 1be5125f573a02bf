/** Watches of one session: each tells once, and outlives the connection that it was made over. */
import { ValueWriter } from './bytes.ts'

export type NodeChange = 'created' | 'deleted' | 'changed' | 'children' | 'lost'
/** `exist`: of a node that was not there when it was asked for. */
type WatchKind = 'data' | 'exist' | 'child'
export type NodeListener = (change: NodeChange) => void

/** So much of paths is put into one packet, far below what a server takes. */
const PATHS_BYTES_MAX = 128 * 1024
const ENCODED_BYTES_MAX = 3
const KINDS: readonly WatchKind[] = ['data', 'exist', 'child']
const KINDS_TOLD: Readonly<Record<Exclude<NodeChange, 'lost'>, readonly WatchKind[]>> = {
  created: ['data', 'exist'],
  changed: ['data', 'exist'],
  deleted: KINDS,
  children: ['child'],
}

export class NodeWatches {
  readonly #watches: Readonly<Record<WatchKind, Map<string, Set<NodeListener>>>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
  }

  add(kind: WatchKind, path: string, notify: NodeListener): void {
    const watches = this.#watches[kind]
    const notified = watches.get(path)
    if (notified === undefined) watches.set(path, new Set([notify]))
    else notified.add(notify)
  }

  remove(path: string, notify: NodeListener): void {
    for (const kind of KINDS) {
      const notified = this.#watches[kind].get(path)
      if (notified?.delete(notify) === true && notified.size === 0) this.#watches[kind].delete(path)
    }
  }

  notify(change: Exclude<NodeChange, 'lost'>, path: string): void {
    for (const kind of KINDS_TOLD[change]) {
      const notified = this.#watches[kind].get(path)
      this.#watches[kind].delete(path)
      for (const notify of notified ?? []) notify(change)
    }
  }

  /** The session is over: nothing will be told any more. */
  lose(): void {
    for (const kind of KINDS) {
      const all = [...this.#watches[kind].values()].flatMap((notified) => [...notified])
      this.#watches[kind].clear()
      for (const notify of all) notify('lost')
    }
  }

  /** What another server is asked for them: it compares each with the last change that was seen, and tells what was missed. */
  bodies(seenAt: bigint): readonly Buffer[] {
    const all = KINDS.flatMap((kind) => [...this.#watches[kind].keys()].map((path) => ({ kind, path })))
    const bodies: Buffer[] = []
    let from = 0
    while (from < all.length) {
      let to = from
      for (let bytes = 0; to < all.length && bytes < PATHS_BYTES_MAX; to += 1) {
        bytes += 4 + (all[to]?.path.length ?? 0) * ENCODED_BYTES_MAX
      }
      const part = all.slice(from, to)
      const pathsOf = (kind: WatchKind): readonly string[] =>
        part.filter((each) => each.kind === kind).map(({ path }) => path)
      const writer = new ValueWriter().long(seenAt)
      for (const kind of KINDS) writer.texts(pathsOf(kind))
      // Those that stay when they have told, which are not used.
      bodies.push(writer.texts([]).texts([]).finish())
      from = to
    }
    return bodies
  }
}
