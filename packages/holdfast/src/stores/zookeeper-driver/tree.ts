/** The tree of nodes as a session sees it, below a node that stands for the root of its user. */
import type { ValueReader } from './bytes.ts'
import { CODE } from './failures.ts'
import type { NodeListener } from './node-watches.ts'
import {
  createBody,
  type CreateMode,
  multiBody,
  type MultiPart,
  type NodeOwner,
  type NodeStat,
  OPERATION,
  type PartResult,
  readMulti,
  readStat,
} from './requests.ts'
import { bodyOf, type ZookeeperSession } from './session.ts'

const ANY_VERSION = -1
const NOTHING = new Uint8Array()

export class NodeTree {
  readonly #session: ZookeeperSession
  readonly #root: string
  readonly #owner: NodeOwner

  /** `root`: a path such as `/shop`, or nothing. It has to exist. */
  constructor(session: ZookeeperSession, root: string) {
    this.#session = session
    this.#root = root
    this.#owner = session.hasUser ? { scheme: 'auth', id: '' } : { scheme: 'world', id: 'anyone' }
  }

  /** Makes a node: of a sequential one the path that it got. */
  create(
    path: string,
    mode: CreateMode,
    data: Uint8Array = NOTHING,
  ): Promise<{ readonly path: string; readonly stat: NodeStat }> {
    const operation = mode === 'container' ? OPERATION.createContainer : OPERATION.create2
    const part = { path: this.#inside(path), data, mode }
    const body = bodyOf((writer) => createBody(writer, part, this.#owner))
    return this.#session.ask({ what: 'create', operation, body }, (reader) => ({
      path: this.#outside(reader.text()),
      stat: readStat(reader),
    }))
  }

  delete(path: string, version: number = ANY_VERSION): Promise<void> {
    const body = bodyOf((writer) => writer.text(this.#inside(path)).int(version))
    return this.#session.ask({ what: 'delete', operation: OPERATION.delete, body }, () => undefined)
  }

  setData(path: string, data: Uint8Array, version: number = ANY_VERSION): Promise<NodeStat> {
    const body = bodyOf((writer) => writer.text(this.#inside(path)).bytes(data).int(version))
    return this.#session.ask({ what: 'setData', operation: OPERATION.setData, body }, readStat)
  }

  /** `notify` is called once, at the next change, also at one that makes the node; not when the question itself fails. */
  exists(path: string, notify?: NodeListener): Promise<NodeStat | undefined> {
    const full = this.#inside(path)
    const isMissing = (code: number): boolean => code === CODE.noNode
    const body = readBody(full, notify)
    return this.#session.ask(
      { what: 'exists', operation: OPERATION.exists, body, accepts: isMissing },
      (reader, code) => {
        // A missing node is watched otherwise: as one with data it would count as deleted on the next server.
        this.#watch(isMissing(code) ? 'exist' : 'data', full, notify)
        return isMissing(code) ? undefined : readStat(reader)
      },
    )
  }

  getData(path: string, notify?: NodeListener): Promise<{ readonly data: Buffer; readonly stat: NodeStat }> {
    const full = this.#inside(path)
    const asked = { what: 'getData', operation: OPERATION.getData, body: readBody(full, notify) }
    return this.#session.ask(asked, (reader) => {
      this.#watch('data', full, notify)
      return { data: reader.bytes(), stat: readStat(reader) }
    })
  }

  getChildren(
    path: string,
    notify?: NodeListener,
  ): Promise<{ readonly names: readonly string[]; readonly stat: NodeStat }> {
    const full = this.#inside(path)
    const asked = { what: 'getChildren2', operation: OPERATION.getChildren2, body: readBody(full, notify) }
    return this.#session.ask(asked, (reader) => {
      this.#watch('child', full, notify)
      return { names: reader.texts(), stat: readStat(reader) }
    })
  }

  /** What is read behind it in this session is at least as new as its answer. */
  sync(path: string): Promise<void> {
    const body = bodyOf((writer) => writer.text(this.#inside(path)))
    return this.#session.ask({ what: 'sync', operation: OPERATION.sync, body }, (reader) => void reader.text())
  }

  /** All of it or nothing: see the codes. */
  multi(parts: readonly MultiPart[]): Promise<readonly PartResult[]> {
    const inside = parts.map((part) => ({ ...part, path: this.#inside(part.path) }))
    const body = bodyOf((writer) => multiBody(writer, inside, this.#owner))
    const accepts = (_: number, { leftBytes }: ValueReader): boolean => leftBytes > 0
    const asked = { what: 'multi', operation: OPERATION.multi, body, accepts }
    return this.#session.ask(asked, (reader) =>
      readMulti(reader, parts.length).map((result) =>
        result.path === undefined ? result : { ...result, path: this.#outside(result.path) },
      ),
    )
  }

  unwatch(path: string, notify: NodeListener | undefined): void {
    if (notify !== undefined) this.#session.watches.remove(this.#inside(path), notify)
  }

  #watch(kind: 'data' | 'exist' | 'child', full: string, notify: NodeListener | undefined): void {
    if (notify !== undefined) this.#session.watches.add(kind, full, notify)
  }

  #inside(path: string): string {
    if (path === '/') return this.#root === '' ? '/' : this.#root
    return `${this.#root}${path}`
  }

  #outside(full: string): string {
    const path = full.slice(this.#root.length)
    return path === '' ? '/' : path
  }
}

function readBody(path: string, notify: NodeListener | undefined): Buffer {
  return bodyOf((writer) => writer.text(path).flag(notify !== undefined))
}
