/** Lines as entries of a bucket: the key is the name of the line, the value its record, the revision its version. */
import { StoreUnavailable } from '../../store/errors.ts'
import { type NatsStream, streamOf, subjectsOf } from '../nats-driver/bucket.ts'
import { isRefusal, NO_MESSAGE, NatsRefusal, natsError, WRONG_SEQUENCES } from '../nats-driver/errors.ts'
import type { KeptMessage, NatsRequests } from '../nats-driver/requests.ts'
import type { StoredReading, StoredText, SwapResult } from '../records/swap-engine.ts'
import { keyOf, resourceIn } from './keys.ts'

/** Requests of one list: a server names 100,000 keys in each. */
const PAGES_MAX = 20
/** Nothing was ever written under the key. */
const NEVER = '0'

export class LineEntries {
  readonly #requests: NatsRequests
  readonly #bucket: string

  constructor(requests: NatsRequests, bucket: string) {
    this.#requests = requests
    this.#bucket = bucket
  }

  async read(key: string): Promise<StoredReading> {
    return { stored: storedIn(await this.#newest(key, 'reading a line')) }
  }

  async swap(key: string, seen: string | undefined, text: string): Promise<SwapResult> {
    const version = await this.#put(key, text, seen ?? NEVER)
    if (version !== undefined) return { version }
    const current = await this.#newest(key, 'changing a line')
    if (seen !== undefined || current?.isDeletion !== true) return { current: storedIn(current) }
    // What was deleted left a mark, which for the server is an entry like any other.
    const made = await this.#put(key, text, current.sequence)
    return made === undefined ? {} : { version: made }
  }

  async list(prefix: string, after: string, limit: number): Promise<readonly string[]> {
    const resources = new Set<string>()
    const subjects = subjectsOf(this.#bucket)
    for (let page = 0, offset = 0; page < PAGES_MAX; page += 1) {
      const { state, total = 0 } = await this.#page(subjects, offset)
      const found = Object.keys(state.subjects ?? {})
      for (const subject of found) {
        const resource = resourceIn(subject.slice(subjects.length - 1))
        if (resource.startsWith(prefix) && resource > after) resources.add(resource)
      }
      offset += found.length
      if (found.length === 0 || offset >= total) return [...resources].toSorted().slice(0, limit)
    }
    const message = `listing lines: the bucket has more than ${PAGES_MAX} pages of them`
    throw new StoreUnavailable(message, { isFinal: true })
  }

  async #page(subjects: string, offset: number): Promise<NatsStream> {
    const what = 'listing lines'
    try {
      const request = { subjects_filter: subjects, offset }
      return await this.#requests.api<NatsStream>(`STREAM.INFO.${streamOf(this.#bucket)}`, request, what)
    } catch (error) {
      throw natsError(error, what)
    }
  }

  async #newest(key: string, what: string): Promise<KeptMessage | undefined> {
    try {
      return await this.#requests.newest(streamOf(this.#bucket), this.#subjectOf(key), what)
    } catch (error) {
      if (isRefusal(error, NO_MESSAGE)) return undefined
      throw natsError(error, what)
    }
  }

  /** `undefined` where another one is the newest. */
  async #put(key: string, text: string, expected: string): Promise<string | undefined> {
    const what = 'changing a line'
    try {
      return await this.#requests.put(this.#subjectOf(key), text, expected, what)
    } catch (error) {
      if (error instanceof NatsRefusal && WRONG_SEQUENCES.has(error.number)) return undefined
      throw natsError(error, what)
    }
  }

  #subjectOf(key: string): string {
    return `$KV.${this.#bucket}.${keyOf(key)}`
  }
}

function storedIn(message: KeptMessage | undefined): StoredText | undefined {
  return message === undefined || message.isDeletion ? undefined : { text: message.text, version: message.sequence }
}
