/** The layout of the keys, all under one prefix. Encoded resources and ids have no slash. */

/** Sorts right behind all keys that begin with what ends in a slash. */
const AFTER_SLASH = '0'

export class EtcdKeys {
  readonly prefix: string

  constructor(prefix: string) {
    this.prefix = prefix.endsWith('/') ? prefix : `${prefix}/`
  }

  /** Of the tokens: they are this and the revision of etcd. */
  get base(): string {
    return `${this.prefix}base`
  }

  /** All claims of a line begin with it. */
  line(resource: string): string {
    return `${this.prefix}l/${resource}/`
  }

  claim(resource: string, id: string): string {
    return `${this.line(resource)}${id}`
  }

  /** Names the newest claim of a line. */
  tail(resource: string): string {
    return `${this.prefix}t/${resource}`
  }

  /** Names the last holder of a line that left. */
  handover(resource: string): string {
    return `${this.prefix}h/${resource}`
  }

  /** A claim of this id left before it arrived. */
  bar(resource: string, id: string): string {
    return `${this.prefix}x/${resource}/${id}`
  }

  /** All marks for claims on this lease begin with it. */
  marks(lease: bigint): string {
    return `${this.prefix}e/${lease}/`
  }

  /** All lines whose resource begins so. */
  lines(resourcePrefix: string): string {
    return `${this.prefix}l/${resourcePrefix}`
  }

  resourceOf(key: string): string {
    const begin = this.lines('').length
    return key.slice(begin, key.indexOf('/', begin))
  }

  /** Where a listing resumes behind this line. */
  behindLine(resource: string): string {
    return this.lines(resource) + AFTER_SLASH
  }
}

export function idOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
