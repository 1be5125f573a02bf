/**
 * The guard for data in Redis: the mark is a key beside the data, and comparing, raising and writing are one script.
 * Tokens are compared as decimal text, because Lua would round them above 2^53.
 */
import { newClaimId } from '../core/claim.ts'
import { Misuse, OutcomeUnknown } from '../core/errors.ts'
import { type Admission, admissions, type GuardOptions, type Holder } from './admission.ts'
import { type RedisCommands, runScript, senderOf } from './redis-client.ts'

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
   * does). Otherwise a key beside the mark remembers each run for a minute, and `run` rejects with `OutcomeUnknown`
   * instead of carrying it out again. @default false
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
 * Every method takes a lease or a sequencer and rejects with `StaleToken` when Redis has seen a newer token, `LeaseLost`
 * when the lease is known to be lost, `Unsupported` for a permit, `Misuse` for anything else that cannot be fenced.
 * Errors of the driver and of your Lua pass through as they are; Redis undoes nothing of a script that fails half-way.
 */
export interface RedisFence {
  /**
   * Raises the mark. Call it **before the first read** whose result is written back later; without it a late write of
   * the last holder slips in between. A shared lease checks and does not raise.
   */
  enter(lease: Holder): Promise<void>
  /**
   * One script: the mark first, then the work, at most once. Resolves with what the Lua returns. A refused token leaves
   * no trace. Rejects with `OutcomeUnknown` when the work was done and its answer lost.
   */
  run(lease: Holder, work: RedisWork): Promise<unknown>
  /** Looks without raising, to spare useless work early. A check followed by a write guards nothing. */
  check(lease: Holder): Promise<void>
  /** For scripts of your own, with `fenceLua` in front. */
  mark(lease: Holder): RedisMark
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
const ENTER = `${fenceLua}return { fence(KEYS[1], ARGV[1], ARGV[2]) }`

/** A guard over a client of the caller; it is never closed here. Sends nothing yet. */
export function fence(client: RedisCommands, options: RedisFenceOptions = {}): RedisFence {
  const admit = admissions(options)
  const send = senderOf(client)
  const prefix = options.prefix ?? PREFIX_DEFAULT
  if (!PREFIX.test(prefix)) throw new Misuse('prefix must be 1 to 64 letters, digits, or any of _ . : -')
  const markOf = ({ resource, token, raises }: Admission): RedisMark => ({
    key: `${prefix}:{${resource}}`,
    token: String(token),
    raises: raises ? '1' : '0',
  })
  const pass = async (admission: Admission, raises: '0' | '1'): Promise<void> => {
    const { key, token } = markOf(admission)
    const [newer] = wordsOf(await runScript(send, ENTER, [key], [token, raises]))
    if (newer !== undefined) throw admission.stale(BigInt(newer))
  }
  return {
    async enter(lease) {
      const admission = admit(lease)
      await pass(admission, markOf(admission).raises)
    },
    async check(lease) {
      await pass(admit(lease), '0')
    },
    async run(lease, { lua, keys = [], args = [], repeatable = false }) {
      const admission = admit(lease)
      const { key, token, raises } = markOf(admission)
      const ownKeys = repeatable ? [key] : [key, `${key}:${newClaimId()}`]
      const text = guarded(lua, ownKeys.length)
      const answer = await runScript(send, text, [...ownKeys, ...keys], [token, raises, ...args])
      const [outcome, result] = Array.isArray(answer) ? (answer as readonly unknown[]) : []
      switch (Number(outcome)) {
        case DONE:
          return result ?? null
        case DONE_BEFORE:
          throw new OutcomeUnknown(
            `${key}: the work was carried out, and its answer was lost. Read what it left behind`,
          )
        default:
          throw admission.stale(BigInt(String(result)))
      }
    },
    mark: (lease) => markOf(admit(lease)),
  }
}

const [STALE, DONE, DONE_BEFORE] = [0, 1, 2]
/** Longer than a driver goes on trying to send a script again, and short enough to cost little. */
const REMEMBERED_MS = 60_000

/** The work is a function of its own, so that its `return` is the script's answer and its KEYS are its own. */
function guarded(lua: string, ownKeys: number): string {
  const once = `if not redis.call('SET', KEYS[2], '', 'NX', 'PX', ${REMEMBERED_MS}) then return { ${DONE_BEFORE} } end\n`
  return `${fenceLua}local newer = fence(KEYS[1], ARGV[1], ARGV[2])
if newer then return { ${STALE}, newer } end
${ownKeys > 1 ? once : ''}local function work(KEYS, ARGV)
${lua}
end
local result = work({ unpack(KEYS, ${ownKeys + 1}) }, { unpack(ARGV, 3) })
if type(result) == 'table' and result.err then return result end
return { ${DONE}, result }`
}

function wordsOf(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.map(String) : []
}
