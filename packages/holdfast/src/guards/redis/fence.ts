/**
 * The guard for data in Redis: the mark is a key beside the data, and comparing, raising and writing are one script.
 * Tokens are compared as decimal text, because Lua would round them above 2^53.
 */
import { newClaimId } from '../../store/claim.ts'
import { systemClock } from '../../time/clock.ts'
import { Misuse, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import { type Admission, admissions, type GuardOptions } from '../admission.ts'
import { partsOf, type RedisCommands, runScript, type Send, senderOf, textOf } from './client.ts'
import { ServerTime, windowFrom } from './once.ts'

export interface RedisFenceOptions extends GuardOptions {
  /**
   * The keys of the marks begin with it; `:{namespace!name}` follows, so in a Redis Cluster the data needs the same hash
   * tag. 1 to 64 letters, digits, or any of `_ . : -`. @default 'holdfast-fence'
   */
  readonly prefix?: string
}

/** Lua that is run when the holder may pass. `KEYS` and `ARGV` are these, as in a script of its own. */
export interface RedisWork {
  readonly lua: string
  /** @default none */
  readonly keys?: readonly string[]
  /** @default none */
  readonly args?: readonly string[]
  /**
   * The Lua does no harm when it is carried out twice: a driver may send a script again whose answer was lost (ioredis
   * does). Otherwise a key beside the mark remembers each run for about a minute, and what comes later is not begun:
   * `run` rejects instead of carrying it out again. With `true` that is spared, and `StaleToken` speaks of the last
   * sending alone. @default false
   */
  readonly repeatable?: boolean
}

/** What a script of your own hands to the function of `fenceLua`. */
export interface RedisMark {
  readonly key: string
  /** In decimal. */
  readonly token: string
  /** `1` for an exclusive lease, `0` for a shared one, which is only compared. */
  readonly raises: '0' | '1'
}

/**
 * The marks have to stay: set `maxmemory-policy` to `noeviction`, or to one of `volatile-*` where every `run` is
 * `repeatable`. With `allkeys-*` a full server may evict a mark, and then a stale token is admitted.
 *
 * Every method takes a lease or an accepted sequencer and rejects with `StaleToken` when Redis has seen a newer token, `LeaseLost`
 * when the lease is known to be lost, `Unsupported` for a permit, `Misuse` for anything else that cannot be fenced,
 * `OutcomeUnknown` when what the driver answers is not understood.
 * Errors of the driver and of your Lua pass through as they are; Redis undoes nothing of a script that fails half-way.
 */
export interface RedisFence {
  /**
   * Raises the mark. Call it **before the first read** whose result is written back later; without it a late write of
   * the last holder slips in between. A shared lease checks and does not raise.
   */
  enter(lease: Fenced): Promise<void>
  /**
   * One script: the mark first, then the work. Resolves with what the Lua returns. A refused token leaves no trace.
   *
   * The work is carried out at most once, however often and late a driver sends it, unless it is `repeatable`; as long as
   * the server keeps its data, evicts nothing and its clock is not set forward by a minute and back again. Rejects with
   * `OutcomeUnknown` when the work was done and its answer lost, or when it came to the server more than a minute after it
   * was asked for, so that nobody can tell whether it had come before; and with `StoreUnavailable`, and nothing done, when
   * it came more than 30 s late twice.
   */
  run(lease: Fenced, work: RedisWork): Promise<unknown>
  /** Looks without raising, to spare useless work early. A check followed by a write guards nothing. */
  check(lease: Fenced): Promise<void>
  /** For scripts of your own, with `fenceLua` in front. */
  mark(lease: Fenced): RedisMark
}

/**
 * Lua for the front of your own script: a function `fence(key, token, raises)` that raises the mark and answers nil, or
 * answers the newer token that was seen, and then the script must write nothing.
 */
export const fenceLua = `local function fence(key, token, raises)
  local mark = redis.call('GET', key) or '0'
  if #mark > #token or (#mark == #token and mark > token) then return mark end
  if raises == '1' and mark ~= token then redis.call('SET', key, token) end
end
`

const PREFIX_DEFAULT = 'holdfast-fence'
const PREFIX = /^[A-Za-z0-9_.:-]{1,64}$/
const NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`
const ASK_TIME = `${NOW}return now`
const ENTER = `${fenceLua}${NOW}return { now, fence(KEYS[1], ARGV[1], ARGV[2]) }`

/** A guard over a client of the caller; it is never closed here. Sends nothing yet. */
export function fence(client: RedisCommands, options: RedisFenceOptions = {}): RedisFence {
  const admit = admissions(options, 'redis')
  const send = senderOf(client)
  const time = new ServerTime(options.clock ?? systemClock)
  const prefix = options.prefix ?? PREFIX_DEFAULT
  if (!PREFIX.test(prefix)) throw new Misuse('prefix must be 1 to 64 letters, digits, or any of _ . : -')
  const markOf = ({ resource, token, raises }: Admission): RedisMark => ({
    key: `${prefix}:{${resource}}`,
    token: String(token),
    raises: raises ? '1' : '0',
  })
  const pass = async (admission: Admission, raises: '0' | '1'): Promise<void> => {
    const { key, token } = markOf(admission)
    const askedAt = time.stamp()
    const [now, newer] = partsOf(await runScript(send, ENTER, [key], [token, raises]), key)
    time.note(askedAt, Number(now))
    if (newer !== undefined) throw admission.stale(BigInt(textOf(newer, key)))
  }
  return {
    async enter(lease) {
      const admission = admit(lease)
      await pass(admission, markOf(admission).raises)
    },
    async check(lease) {
      await pass(admit(lease), '0')
    },
    async run(lease, work) {
      const admission = admit(lease)
      const asked = { admission, mark: markOf(admission), work, send }
      return work.repeatable === true ? runRepeatable(asked) : runOnce(asked, time)
    },
    mark: (lease) => markOf(admit(lease)),
  }
}

interface GuardRequest {
  readonly admission: Admission
  readonly mark: RedisMark
  readonly work: RedisWork
  readonly send: Send
}

const [STALE, DONE, DONE_BEFORE, LATE] = [0, 1, 2, 3]
/** The second time with the time of the server as the first one showed it. */
const TRIES_MAX = 2

async function runRepeatable({ admission, mark, work, send }: GuardRequest): Promise<unknown> {
  const { lua, keys = [], args = [] } = work
  const text = guarded(lua, { keys: 1, args: 2 })
  const answer = await runScript(send, text, [mark.key, ...keys], [mark.token, mark.raises, ...args])
  const [outcome, , result] = partsOf(answer, mark.key)
  if (Number(outcome) === DONE) return result ?? null
  throw admission.stale(BigInt(textOf(result, mark.key)))
}

async function runOnce({ admission, mark, work, send }: GuardRequest, time: ServerTime): Promise<unknown> {
  const { lua, keys = [], args = [] } = work
  const { key, token, raises } = mark
  const text = guarded(lua, { keys: 2, args: 4 })
  // The same at each try: where the first one is still under way, it must not be begun beside the second.
  const ownKeys = [key, `${key}:${newClaimId()}`, ...keys]
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const { beginByMs, rememberedUntilMs } = windowFrom(time.nowMs() ?? (await askTime(send, key)))
    const askedAt = time.stamp()
    const ownArgs = [token, raises, String(beginByMs), String(rememberedUntilMs), ...args]
    const [outcome, now, result] = partsOf(await runScript(send, text, ownKeys, ownArgs), key)
    time.note(askedAt, Number(now))
    switch (Number(outcome)) {
      case DONE:
        return result ?? null
      case DONE_BEFORE:
        throw new OutcomeUnknown(`${key}: the work was carried out, and its answer was lost. Read what it left behind`)
      case LATE:
        // The key would be gone, so it says nothing about what was sent before.
        if (!(Number(now) < rememberedUntilMs)) throw tooLateToTell(key)
        continue
      default:
        throw admission.stale(BigInt(textOf(result, key)))
    }
  }
  throw new StoreUnavailable(
    `${key}: the work came to Redis more than 30 s after it was asked for, ${TRIES_MAX} times, and was not begun. Nothing ` +
      'was written. See whether the server keeps up and its clock goes evenly',
  )
}

async function askTime(send: Send, key: string): Promise<number> {
  // By a script, because only a command with a key finds its server in a Cluster.
  return Number(await runScript(send, ASK_TIME, [key], []))
}

function tooLateToTell(key: string): OutcomeUnknown {
  return new OutcomeUnknown(
    `${key}: the work came to Redis more than a minute after it was asked for, or the clock of the server was set, so ` +
      'nobody can tell whether it was carried out before. Read what it left behind',
  )
}

/** What stands in front is in KEYS and ARGV; what is there in a run that is not repeatable makes it one that happens once. */
interface Own {
  readonly keys: 1 | 2
  readonly args: 2 | 4
}

/** A token is compared after the memory of the run: one that was carried out is not stale because somebody came since. */
const ONCE = `${NOW}if redis.call('GET', KEYS[2]) then return { ${DONE_BEFORE}, now } end
if now > tonumber(ARGV[3]) then return { ${LATE}, now } end
`
const REMEMBER = "redis.call('SET', KEYS[2], '', 'PXAT', ARGV[4])\n"

/** The work is a function of its own, so that its `return` is the script's answer and its KEYS are its own. */
function guarded(lua: string, own: Own): string {
  const isOnce = own.keys > 1
  return `${fenceLua}${isOnce ? ONCE : 'local now = 0\n'}local newer = fence(KEYS[1], ARGV[1], ARGV[2])
if newer then return { ${STALE}, now, newer } end
${isOnce ? REMEMBER : ''}local function work(KEYS, ARGV)
${lua}
end
local result = work({ unpack(KEYS, ${own.keys + 1}) }, { unpack(ARGV, ${own.args + 1}) })
if type(result) == 'table' and result.err then return result end
return { ${DONE}, now, result }`
}
