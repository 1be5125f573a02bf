/**
 * The names of keys and channels. All keys of one lock share its hash tag, so that one script may touch all of them; in a
 * Cluster the floor of tokens is one key for each slot, with a tag of that slot.
 */
import { tagOf } from '../redis-driver/slots.ts'

/** How all channels end where one process is told about its claims. */
export function channelEnd(client: string): string {
  return `:c:${client}`
}

export class RedisKeys {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** The HASH of a line, which is also the name of the channel of its observers. */
  line(resource: string): string {
    return `${this.#prefix}:{${resource}}`
  }

  /** In the order in which all scripts take them. */
  all(resource: string): readonly [string, string] {
    const line = this.line(resource)
    return [line, `${line}:index`]
  }

  /** The highest token of a server, or of a slot where the server is a Cluster. */
  floor(slot: number | undefined): string {
    return slot === undefined ? `${this.#prefix}:floor` : `${this.#prefix}:{${tagOf(slot)}}:floor`
  }

  /** Where a process is told about its claims. */
  channel(client: string): string {
    return `${this.#prefix}${channelEnd(client)}`
  }

  /** The same in a Cluster with sharded channels: in the slot of the line, whose scripts publish there. */
  lineChannel(resource: string, client: string): string {
    return `${this.line(resource)}${channelEnd(client)}`
  }

  /** Matches the lines of all resources with this start. No character of an encoded name means anything in a pattern. */
  pattern(resourcePrefix: string): string {
    return `${this.#prefix}:{${resourcePrefix}*}`
  }

  /** The reverse of `line`. */
  resource(line: string): string {
    return line.slice(this.#prefix.length + 2, -1)
  }
}
