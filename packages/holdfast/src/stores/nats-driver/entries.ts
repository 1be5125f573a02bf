/** The entries of a bucket by the names of lines: the newest, a change of what is still the newest, and which there are. */
import { StoreUnavailable } from '../../store/errors.ts'
import { isRefusal, NO_MESSAGE, NatsRefusal, natsError, WRONG_SEQUENCES } from './errors.ts'
import { keyOf, resourceIn } from './keys.ts'
import type { KeptMessage, NatsRequests } from './requests.ts'
import { type NatsStream, streamOf, subjectsOf } from './stream.ts'

/** Requests of one list: a server names 100,000 keys in each. */
const PAGES_MAX = 20

export class BucketEntries {
  readonly #requests: NatsRequests
  readonly #bucket: string

  constructor(requests: NatsRequests, bucket: string) {
    this.#requests = requests
    this.#bucket = bucket
  }

  async newest(resource: string, what: string): Promise<KeptMessage | undefined> {
    try {
      return await this.#requests.newest(streamOf(this.#bucket), this.#subjectOf(resource), what)
    } catch (error) {
      if (isRefusal(error, NO_MESSAGE)) return undefined
      throw natsError(error, what)
    }
  }

  /** `undefined` where another one is the newest. */
  async put(resource: string, text: string, expected: string): Promise<string | undefined> {
    const what = 'changing a line'
    try {
      return await this.#requests.put(this.#subjectOf(resource), text, expected, what)
    } catch (error) {
      if (error instanceof NatsRefusal && WRONG_SEQUENCES.has(error.number)) return undefined
      throw natsError(error, what)
    }
  }

  /** In any order. */
  async names(): Promise<readonly string[]> {
    const names: string[] = []
    const subjects = subjectsOf(this.#bucket)
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const { state, total = 0 } = await this.#page(subjects, names.length)
      const found = Object.keys(state.subjects ?? {})
      for (const subject of found) names.push(resourceIn(subject.slice(subjects.length - 1)))
      if (found.length === 0 || names.length >= total) return names
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

  #subjectOf(resource: string): string {
    return `$KV.${this.#bucket}.${keyOf(resource)}`
  }
}
