/** The requests that are made of JetStream: each is sent once, ends with its limit of time, and fails with an error of ours. */
import { OutcomeUnknown } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import type { NatsClient, NatsModule } from './client.ts'
import { type NatsApiError, NatsRefusal, natsError } from './errors.ts'
import type { NatsLink } from './link.ts'

const EXPECTED = 'Nats-Expected-Last-Subject-Sequence'
/** Longer than what bounds every call. */
const ANSWER_MS_MAX = ATTEMPT_MS_MAX + 1_000

/** What a stream keeps under a subject. */
export interface KeptMessage {
  readonly text: string
  readonly sequence: string
  /** It marks that what stood there was deleted. */
  readonly isDeletion: boolean
}

interface StoredMessage {
  readonly message: { readonly seq: number; readonly data?: string; readonly hdrs?: string }
}

export class NatsRequests {
  readonly #client: NatsClient
  readonly #module: NatsModule
  readonly #bounded: StoreEnvironment['bounded']
  readonly #link: NatsLink

  constructor(client: NatsClient, module: NatsModule, bounded: StoreEnvironment['bounded'], link: NatsLink) {
    this.#client = client
    this.#module = module
    this.#bounded = bounded
    this.#link = link
  }

  /** Asks the interface of JetStream. Throws `NatsRefusal` where it refuses. */
  async api<Answer>(verb: string, payload: object, what: string): Promise<Answer> {
    return (await this.#answer(`$JS.API.${verb}`, JSON.stringify(payload), what)) as Answer
  }

  /** The newest under a subject, from the leader of the stream. Throws `NatsRefusal` where there is none. */
  async newest(stream: string, subject: string, what: string): Promise<KeptMessage> {
    const request = { last_by_subj: subject }
    const { message } = await this.api<StoredMessage>(`STREAM.MSG.GET.${stream}`, request, what)
    return {
      text: textIn(message.data),
      sequence: String(message.seq),
      isDeletion: /^KV-Operation: *(?:DEL|PURGE)\r?$/m.test(textIn(message.hdrs)),
    }
  }

  /** Writes if the newest under the subject is still the one of this sequence. Throws `NatsRefusal` where it is not. */
  async put(subject: string, text: string, expected: string, what: string): Promise<string> {
    const headers = this.#module.headers()
    headers.set(EXPECTED, expected)
    const { seq } = (await this.#answer(subject, text, what, headers)) as { readonly seq?: number }
    if (seq === undefined) throw new OutcomeUnknown(`${what}: what answered is no stream of NATS`)
    return String(seq)
  }

  async #answer(subject: string, payload: string, what: string, headers?: object): Promise<object> {
    const options = { timeout: ANSWER_MS_MAX, ...(headers !== undefined && { headers: headers as never }) }
    try {
      const ask = (): Promise<string> =>
        this.#client.request(subject, payload, options).then((message) => message.string())
      const text = await this.#bounded(this.#link.answerOf(ask, what), what)
      const answer = JSON.parse(text) as { readonly error?: NatsApiError }
      if (answer.error !== undefined) throw new NatsRefusal(answer.error)
      return answer
    } catch (error) {
      throw error instanceof NatsRefusal ? error : natsError(error, what)
    }
  }
}

function textIn(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString()
}
