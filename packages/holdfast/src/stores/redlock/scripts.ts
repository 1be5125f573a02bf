/** The Lua scripts beside this file, with the limits in front. */
import { QUEUE_LENGTH_MAX, WAITER_LIFE_MS } from '../../store/limits.ts'
import { type Part, type Script, scriptOf, type ScriptSource } from '../redis-driver/script.ts'
import { ASIDE_MS, CAP_MS, KEPT_MS, SOLE_EVERY_MS } from './limits.ts'
import { lua } from './lua.gen.ts'

/** How long a node tells the observers of a lock, and how long that is relied upon. */
const OBSERVED_MS = 60_000
export const OBSERVED_SURELY_MS = 45_000
/** Dead waiters passed over by one step of a script, so that it blocks the server for a few milliseconds at most. */
const SWEEP_MAX = 64
/** How long the record of an unused lock is kept. Tokens rise without it, by the clock. */
const IDLE_MS = 3_600_000
/** Waiters that a look shows. */
const SHOWN_MAX = 1_000
/** Between reading that no node has a marker and writing one: what happens in between is the same first start. */
export const JOINING_MS = 2_000

const LIMITS: Part = {
  lua: `local limits = {
  cap = ${CAP_MS * 1000}, kept = ${KEPT_MS * 1000}, place = ${WAITER_LIFE_MS * 1000}, queue = ${QUEUE_LENGTH_MAX},
  observed = ${OBSERVED_MS * 1000}, observedSurely = ${OBSERVED_SURELY_MS * 1000}, joining = ${JOINING_MS * 1000},
  aside = ${ASIDE_MS * 1000}, soleEvery = ${SOLE_EVERY_MS * 1000}, sweep = ${SWEEP_MAX}, idleMs = ${IDLE_MS}, shown = ${SHOWN_MAX},
}
`,
}
const RECORD: readonly Part[] = [LIMITS, 'record']

type RedlockScriptName =
  | 'accept'
  | 'raise'
  | 'renew'
  | 'release'
  | 'evict'
  | 'look'
  | 'hasClaims'
  | 'observe'
  | 'marker'
  | 'join'
  | 'list'

export const scripts: Readonly<Record<RedlockScriptName, Script>> = {
  accept: script('accept', '', [...RECORD, 'node']),
  raise: script('raise', 'allow-oom', [...RECORD, 'node']),
  renew: script('renew', 'allow-oom', [...RECORD, 'node']),
  release: script('release', 'allow-oom', RECORD),
  evict: script('evict', 'allow-oom', RECORD),
  look: script('look', 'no-writes', [LIMITS, 'node']),
  hasClaims: script('has-claims', 'no-writes', []),
  observe: script('observe', '', [LIMITS]),
  marker: script('marker', 'no-writes', ['node']),
  join: script('join', '', [LIMITS, 'node']),
  list: script('list', '', [LIMITS, 'node']),
}

function script(name: string, flags: ScriptSource['flags'], parts: readonly Part[]): Script {
  return scriptOf({ name, flags, parts: [...parts, name], beside: lua })
}
