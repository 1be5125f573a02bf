/** The Lua scripts beside this file, read once, with the limits of core in front. */
import { PROVISIONAL_LIFE_MS, QUEUE_LENGTH_MAX, WAITER_LIFE_MS } from '../../core/limits.ts'
import { type Part, type Script, scriptOf, type ScriptSource } from '../shared/redis/script.ts'

/** How long a line tells those who observe it, and how long that is relied upon. */
const OBSERVED_MS = 60_000
export const OBSERVED_SURELY_MS = 45_000
/** Claims ended or granted by one script, so that it blocks the server for a few milliseconds at most; the next one goes on. */
const SWEEP_MAX = 64
/** How long the keys of a lock that nobody uses are kept after its last claim. Tokens rise without them, by the clock. */
const IDLE_MS = 3_600_000

/** `listenersAreCounted`: whether PUBLISH answers how many listen on all servers, so that 0 means that a process is gone. */
const LIMITS: Part = {
  lua: `local limits = {
  provisional = ${PROVISIONAL_LIFE_MS * 1000}, place = ${WAITER_LIFE_MS * 1000}, queue = ${QUEUE_LENGTH_MAX},
  observed = ${OBSERVED_MS * 1000}, observedSurely = ${OBSERVED_SURELY_MS * 1000},
  sweep = ${SWEEP_MAX}, idleMs = ${IDLE_MS}, listenersAreCounted = true,
}
`,
}
const LINE: readonly Part[] = [LIMITS, 'record', 'line']

type ScriptName = 'enter' | 'renew' | 'leave' | 'evict' | 'look' | 'observe' | 'claimed'

export const scripts: Readonly<Record<ScriptName, Script>> = {
  enter: script('enter', '', ['enter-free', ...longWay('enter'), 'enter-each']),
  renew: script('renew', 'allow-oom', [...LINE, 'renew']),
  leave: script('leave', 'allow-oom', ['leave-alone', ...longWay('leave'), 'leave-each']),
  evict: script('evict', 'allow-oom', [...LINE, 'evict']),
  look: script('look', 'no-writes', ['look']),
  observe: script('observe', '', [LIMITS, 'observe']),
  claimed: script('claimed', 'no-writes', [LIMITS, 'claimed']),
}

/** The whole rule as one function that makes its own only when it is called. */
function longWay(name: 'enter' | 'leave'): readonly Part[] {
  return [{ lua: 'local function longWay()' }, ...LINE, name, { lua: `return ${name}\nend` }]
}

function script(name: ScriptName, flags: ScriptSource['flags'], parts: readonly Part[]): Script {
  return scriptOf({ name, flags, parts, beside: import.meta.url })
}
