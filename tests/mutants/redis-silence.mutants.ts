/** Damages to what keeps the connections of the Redis store alive, and its promises true. */
import type { Check, Mutant } from './mutant.ts'

const units = (file: string, named?: string): Check => ({
  tests: [`packages/holdfast/src/stores/redis-driver/${file}.test.ts`],
  ...(named !== undefined && { named }),
})
const real = (file: string, named: string): Check => ({
  tests: [`packages/holdfast/src/stores/redis/${file}.test.ts`],
  named,
  engine: 'redis',
})
const facts = (named: string): Check => real('facts-change', named)

type Damage = Omit<Mutant, 'name'>

const driver = (file: string, find: string, replace: string, caughtBy: Check): Damage => {
  return { file: `packages/holdfast/src/stores/redis-driver/${file}.ts`, find, replace, caughtBy }
}

const damages: Readonly<Record<string, Damage>> = {
  'a silent connection is never looked at': driver(
    'silence',
    'nowMs - oldest.sentAtMs < SILENCE_MS ||',
    'true ||',
    units('silence', 'is given up when another is sent'),
  ),
  'a connection is replaced though the server is silent elsewhere, too': driver(
    'silence',
    'if (!isAnswer) return false',
    '',
    units('silence', 'while the server is silent elsewhere'),
  ),
  'a connection is replaced though its answer came': driver(
    'silence',
    'if (!this.#unanswered.has(suspect) || this.#isClosed) {',
    'if (this.#isClosed) {',
    units('silence', 'when the answer came while'),
  ),
  'a connection that could not be replaced is reported to nobody': driver(
    'silence',
    'if (silentMs > ATTEMPT_MS_MAX) this.#reportSilence(silentMs)',
    '',
    units('silence', 'that is reported once it lasts'),
  ),
  'what was in flight when a connection ended is waited for': driver(
    'silence',
    'if (!unanswered.isSent) continue',
    'if (unanswered.isSent) continue',
    units('silence', 'is given up when the connection ends'),
  ),
  'a deaf listener is not found': driver(
    'listener-check',
    'if (!isHeard && !this.#isClosed) this.#options.onDeaf()',
    '',
    units('listener-check', 'hears neither of two messages'),
  ),
  'one lost message makes a listener deaf': driver(
    'listener-check',
    'const ECHOES = 2',
    'const ECHOES = 1',
    units('listener-check', 'hears neither of two messages'),
  ),
  'a listener is asked only when something begins to wait': driver(
    'listener-check',
    'if (this.#waiting > 0) this.#rouse()',
    '',
    units('listener-check', 'is asked every five seconds'),
  ),
  'a listener that was made anew has none of the channels': driver(
    'channels',
    'await this.#listening([this.#own.name, ...channels])',
    'await this.#listening([])',
    real('silent-connections', 'through a URL > turns are told'),
  ),
  'a turn that came without its message is no reason to ask': {
    file: 'packages/holdfast/src/stores/redis/local-claims.ts',
    find: 'entry.newsAt === 0) this.#onSilentTurn(line)',
    replace: 'entry.newsAt < 0) this.#onSilentTurn(line)',
    caughtBy: { tests: ['packages/holdfast/src/stores/redis/local-claims.test.ts'] },
  },
  'a grant in flight is handed out before the new server is known': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: "if (!promises.areCurrent) await promises.settleAfter('enter')",
    replace: '',
    caughtBy: facts('in flight when the server was replaced'),
  },
  'a server is asked for a lock before it said what it is': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: "if (!promises.areCurrent) await promises.settleBefore('enter')",
    replace: '',
    caughtBy: facts('nothing is asked of it'),
  },
  'a grant is not compared with what is required': {
    file: 'packages/holdfast/src/client/client.ts',
    find: 'if (below !== undefined) throw below',
    replace: '',
    caughtBy: facts('through ioredis nothing is granted'),
  },
  'what a server grants is compared before it is asked alone': {
    file: 'packages/holdfast/src/wait/acquire.ts',
    find: 'if (facts !== undefined) this.#host.checkSupported(this.#request, facts)',
    replace: '',
    caughtBy: facts('through ioredis nothing is granted'),
  },
  'a connection that ends is no reason to ask again': {
    file: 'packages/holdfast/src/stores/redis/open.ts',
    find: 'onDisconnect: () => promises.doubt(),',
    replace: 'onDisconnect: () => undefined,',
    caughtBy: facts('through ioredis nothing is granted'),
  },
}

export const redisSilenceMutants: readonly Mutant[] = Object.entries(damages).map(([name, damage]) => ({
  name: `redis: ${name}`,
  ...damage,
}))
