/** All Leases of a stand-in, each change of them with a version of its own, and their watches; kept in a file through `kill -9`. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { assertValid, isObject, type Lease, mergePatch } from './lease.ts'
import { alreadyExists, badRequest, conflict, expired, notFound } from './status.ts'

export interface LeaseEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Lease
}

export type LeaseListener = (event: LeaseEvent) => void

/** Versions are numbers that all objects share, as etcd gives them. */
const VERSION_FIRST = 1_000

export class LeaseBook {
  readonly #log: string
  readonly #historyLength: number
  readonly #leases = new Map<string, Lease>()
  readonly #history: LeaseEvent[] = []
  readonly #listeners = new Set<LeaseListener>()
  #version = VERSION_FIRST

  constructor(log: string, historyLength: number) {
    this.#log = log
    this.#historyLength = historyLength
    if (!existsSync(log)) return
    // The last line may be cut off.
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1)
    for (const line of lines) this.#apply(JSON.parse(line) as LeaseEvent)
  }

  get version(): number {
    return this.#version
  }

  get(namespace: string, name: string): Lease {
    const found = this.#leases.get(`${namespace}/${name}`)
    if (found === undefined) throw notFound(name)
    return found
  }

  /** In the order of their names. */
  all(namespace: string): readonly Lease[] {
    const found = [...this.#leases.values()].filter(({ metadata }) => metadata.namespace === namespace)
    return found.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))
  }

  create(namespace: string, body: unknown): Lease {
    if (!isObject(body) || body['kind'] !== 'Lease' || !isObject(body['metadata'])) throw badRequest('this is no Lease')
    const { name, resourceVersion } = body['metadata']
    if (typeof name !== 'string') throw badRequest('name or generateName is required')
    if (resourceVersion !== undefined && resourceVersion !== '') {
      throw badRequest('resourceVersion should not be set on objects to be created')
    }
    if (this.#leases.has(`${namespace}/${name}`)) throw alreadyExists(name)
    const creationTimestamp = `${new Date().toISOString().slice(0, 19)}Z`
    const uid = crypto.randomUUID()
    return this.#write('ADDED', { ...body, metadata: { ...body['metadata'], namespace, name, uid, creationTimestamp } })
  }

  /** Another version than the one that stands there is a conflict; without one the last writer wins. */
  update(namespace: string, name: string, change: (lease: Lease) => unknown): Lease {
    const before = this.get(namespace, name)
    const after = change(before)
    if (!isObject(after) || !isObject(after['metadata'])) throw badRequest('this is no Lease')
    const { resourceVersion } = after['metadata']
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) throw conflict(name)
    const { uid, creationTimestamp } = before.metadata
    const metadata = { ...after['metadata'], namespace, name, uid, creationTimestamp }
    const unchanged = JSON.stringify({ ...after, metadata: { ...metadata, resourceVersion: undefined } })
    // What changes nothing is not written, and keeps its version.
    const same = { ...before, metadata: { ...before.metadata, resourceVersion: undefined } }
    return unchanged === JSON.stringify(same) ? before : this.#write('MODIFIED', { ...after, metadata })
  }

  patch(namespace: string, name: string, patch: unknown): Lease {
    return this.update(namespace, name, (lease) => mergePatch(lease, patch))
  }

  delete(namespace: string, name: string): Lease {
    const { metadata, ...rest } = this.get(namespace, name)
    return this.#write('DELETED', { ...rest, metadata: { ...metadata } })
  }

  /** Everything behind a version, from now on. Throws where that is no longer known. */
  watch(behind: number, listener: LeaseListener): () => void {
    const oldest = this.#version - this.#history.length
    if (behind < oldest) throw expired(behind, oldest)
    for (const event of this.#history) if (versionOf(event) > behind) listener(event)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #write(type: LeaseEvent['type'], body: Readonly<Record<string, unknown>>): Lease {
    const metadata = { ...(body['metadata'] as Lease['metadata']), resourceVersion: String(this.#version + 1) }
    const spec = isObject(body['spec']) ? body['spec'] : {}
    const object: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }
    assertValid(object)
    const event: LeaseEvent = { type, object }
    appendFileSync(this.#log, `${JSON.stringify(event)}\n`)
    this.#apply(event)
    return object
  }

  #apply(event: LeaseEvent): void {
    const { namespace, name } = event.object.metadata
    this.#version = versionOf(event)
    if (event.type === 'DELETED') this.#leases.delete(`${namespace}/${name}`)
    else this.#leases.set(`${namespace}/${name}`, event.object)
    this.#history.push(event)
    if (this.#history.length > this.#historyLength) this.#history.shift()
    for (const listener of this.#listeners) listener(event)
  }
}

function versionOf({ object }: LeaseEvent): number {
  return Number(object.metadata.resourceVersion)
}
