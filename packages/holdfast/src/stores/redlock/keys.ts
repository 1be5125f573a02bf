/**
 * The names of keys and channels. All keys of one lock share its hash tag. They are other names than those of the store
 * on one server, because one of its servers may be a node of ours.
 */
export class RedlockKeys {
  /** Says that a node has its data, and since when its votes count. */
  readonly marker: string
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = `${prefix}:redlock`
    this.marker = `${this.#prefix}:node`
  }

  /** The HASH of a lock, which is also the name of the channel for its observers. */
  record(resource: string): string {
    return `${this.#prefix}:{${resource}}`
  }

  /** In the order in which all scripts that change a lock take them. */
  all(resource: string): readonly [string, string, string, string] {
    const record = this.record(resource)
    return [record, `${record}:waiters`, `${record}:places`, `${record}:who`]
  }

  /** Where a process is told about its claims. */
  channel(client: string): string {
    return `${this.#prefix}:c:${client}`
  }

  /** Matches the records of all resources with this start. No character of an encoded name means anything in a pattern. */
  pattern(resourcePrefix: string): string {
    return `${this.#prefix}:{${resourcePrefix}*}`
  }

  /** The reverse of `record`. */
  resource(record: string): string {
    return record.slice(this.#prefix.length + 2, -1)
  }
}
