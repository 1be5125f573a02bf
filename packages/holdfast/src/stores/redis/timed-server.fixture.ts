/** A real server on which the real scripts run with a clock that the test sets, and everything that it publishes. */
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { OpenStore } from '../../store/store.ts'
import { driverOf } from '../redis-driver/client.ts'
import type { RedisDriver } from '../redis-driver/driver.ts'
import { RedisKeys } from './keys.ts'
import type { Stage } from './redis.fixture.ts'
import { scripts } from './scripts.ts'
import { redisStore } from './store.ts'

const PREFIX = 'holdfast'
const CLOCK_KEY = 'clock of the test'
/** After this moment an `enter` begins nothing; it never comes. And an asker with this clock lets tokens follow any other. */
const LATEST = String(Number.MAX_SAFE_INTEGER)
/** Where each script has the clock of the asker among its arguments. */
const ASKER_AT = new Map([
  [scripts.enter.sha, 1],
  [scripts.leave.sha, 0],
  [scripts.renew.sha, 0],
  [scripts.evict.sha, 2],
])
const MARKER = `${PREFIX}:marker`
const TEST_TIME = `(function()
  local us = tonumber(redis.call('GET', '${CLOCK_KEY}'))
  return { math.floor(us / 1000000), us % 1000000 }
end)()`

export interface Published {
  readonly channel: string
  readonly text: string
}

export interface TimedOptions {
  /** No request is late, and no clock is wrong: for a test that sets the clock as no store can know. */
  readonly isNeverLate?: boolean
  /** The driver may send a command twice, and does not say when. */
  readonly resends?: boolean
  /** Between the store and the server. */
  readonly through?: (words: readonly string[], send: RedisDriver['send']) => Promise<unknown>
}

interface TimedParts {
  readonly client: Redis
  readonly port: RedisDriver
  readonly listener: Redis
  readonly store: OpenStore
}

export class TimedServer {
  readonly store: OpenStore
  readonly keys = new RedisKeys(PREFIX)
  readonly #client: Redis
  readonly #port: RedisDriver
  #published: Published[] = []
  #onMarker: () => void = () => undefined

  private constructor({ client, port, listener, store }: TimedParts) {
    this.#client = client
    this.#port = port
    this.store = store
    listener.on('pmessage', (_pattern, channel, text) => {
      if (channel === MARKER) this.#onMarker()
      else this.#published.push({ channel, text })
    })
  }

  static async start(stage: Stage, options: TimedOptions = {}): Promise<TimedServer> {
    const engine = await stage.server()
    const [client, listener] = [stage.client(engine), stage.client(engine)]
    const port = withTestTime(driverOf(client), options)
    await client.set(CLOCK_KEY, '0')
    const store = await stage.opened(redisStore(async () => ({ port, close: () => undefined }), PREFIX))
    const server = new TimedServer({ client, port, listener, store })
    await listener.psubscribe(`${PREFIX}:*`)
    return server
  }

  async set(nowUs: bigint): Promise<void> {
    await this.#client.set(CLOCK_KEY, String(nowUs))
  }

  /** As on a server that never gave a token. */
  async forgetTokens(): Promise<void> {
    await this.#client.del(this.keys.floor(undefined))
  }

  /** As an observer does who watches the line: it is told of changes for a while. Answers the version it sees. */
  async observe(resource: string): Promise<string> {
    return String(await this.#run('observe', this.keys.all(resource)))
  }

  /** Whether a list for operators has this lock. */
  async isClaimed(resource: string): Promise<boolean> {
    return String(await this.#run('hasClaims', this.keys.all(resource))) === '1'
  }

  /** What is there of a lock, and for how long still. */
  async keysOf(resource: string): Promise<ReadonlyMap<string, number>> {
    const keys = await this.#client.keys(`${this.keys.line(resource)}*`)
    return new Map(await Promise.all(keys.map(async (key) => [key, await this.#client.pttl(key)] as const)))
  }

  /** All that was published since it was asked last: what comes before the marker. */
  async published(): Promise<readonly Published[]> {
    const marked = new Promise<void>((resolve) => (this.#onMarker = resolve))
    await this.#client.publish(MARKER, '')
    await marked
    const all = this.#published
    this.#published = []
    return all
  }

  #run(name: keyof typeof scripts, keys: readonly string[]): Promise<unknown> {
    return this.#port.send(['EVALSHA', scripts[name].sha, String(keys.length), ...keys])
  }
}

/** The real server and the real scripts; only TIME is ours. They are loaded once: their texts are long. */
function withTestTime(port: RedisDriver, { isNeverLate, resends = false, through }: TimedOptions): RedisDriver {
  const texts = new Map(Object.values(scripts).map(({ text }) => [text, text.replace("redis.call('TIME')", TEST_TIME)]))
  const hashes = new Map(Object.values(scripts).map(({ sha, text }) => [sha, sha1(texts.get(text) ?? '')]))
  const ours = (word: string): string => hashes.get(word) ?? texts.get(word) ?? word
  const inTime = (words: readonly string[]): readonly string[] => {
    const askerAt = ASKER_AT.get(words[1] ?? '')
    if (isNeverLate !== true || askerAt === undefined) return words
    const first = 3 + Number(words[2])
    const trusting = words.with(first + askerAt, LATEST)
    return words[1] === scripts.enter.sha ? trusting.with(first, LATEST) : trusting
  }
  const send: RedisDriver['send'] = (words) => port.send(inTime(words).map(ours))
  return { resends, listen: (hearer) => port.listen(hearer), send: (words) => through?.(words, send) ?? send(words) }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
