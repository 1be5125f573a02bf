/** The Lua scripts beside this file, with the limits of core in front. */
import {
  LOCK_DELAY_MS_MAX,
  PROVISIONAL_LIFE_MS,
  QUEUE_LENGTH_MAX,
  TOKEN_JUMP_MS_MAX,
  TTL_MS_MAX,
  WAITER_LIFE_MS,
} from '../../store/limits.ts'
import { type Part, type Script, scriptOf, type ScriptSource } from '../redis-driver/script.ts'
import { lua } from './lua.gen.ts'

/** How long observers are registered in a line, and how long they rely on it. */
const OBSERVED_MS = 60_000
export const OBSERVED_SURELY_MS = 45_000
/** Claims ended or granted by one script, so that it blocks the server for a few milliseconds at most; the next one resumes. */
const SWEEP_MAX = 64
/** Waiters of processes that are gone, passed over by one script: they cost it a tenth as much. */
const DEAD_MAX = 1_000
/** How long the keys of a lock outlive its last claim when it is not given back; a release deletes them. */
const IDLE_MS = 60_000
/** How long keys outlive what they are kept for without a claim: observers, and ids that left. */
const SLACK_MS = 1_000

/**
 * `listenersAreCounted`: whether PUBLISH answers how many listen on all servers, so that 0 means that a process is gone.
 * In a Cluster it counts those of one node; SPUBLISH counts them all, but a waiter may listen only after it has entered,
 * or not yet again since its slot moved. So there a dead waiter is passed over when its provisional lease ends.
 */
const limitsOf = (isCluster: boolean): Part => ({
  lua: `local limits = {
  provisional = ${PROVISIONAL_LIFE_MS * 1000}, place = ${WAITER_LIFE_MS * 1000}, queue = ${QUEUE_LENGTH_MAX},
  observed = ${OBSERVED_MS * 1000}, observedSurely = ${OBSERVED_SURELY_MS * 1000},
  sweep = ${SWEEP_MAX}, dead = ${DEAD_MAX}, idleMs = ${IDLE_MS}, slackMs = ${SLACK_MS}, jump = ${TOKEN_JUMP_MS_MAX * 1000}, longestMs = ${TTL_MS_MAX + LOCK_DELAY_MS_MAX},
  listenersAreCounted = ${!isCluster}, isCluster = ${isCluster},
}
`,
})

type RedisScriptName = 'enter' | 'renew' | 'leave' | 'evict' | 'look' | 'observe' | 'hasClaims' | 'rights' | 'rebase'

export type Scripts = Readonly<Record<RedisScriptName, Script>>

export const scripts: Scripts = scriptsOf(false)
/** For a Cluster, where publishing does not tell whether a process listens. */
export const clusterScripts: Scripts = scriptsOf(true)

function scriptsOf(isCluster: boolean): Scripts {
  const limits = limitsOf(isCluster)
  const ofFast: Part = { lua: `local idleMs, jumpUs = ${IDLE_MS}, ${TOKEN_JUMP_MS_MAX * 1000}\n` }
  const line: readonly Part[] = [limits, 'record', 'save', 'line']
  const script = (name: string, flags: ScriptSource['flags'], parts: readonly Part[]): Script =>
    scriptOf({ name, flags, parts, beside: lua })
  return {
    enter: script('enter', '', [ofFast, 'enter-fast', ...line, 'enter', 'enter-batch']),
    renew: script('renew', 'allow-oom', [ofFast, 'renew-fast', ...line, 'renew', 'renew-batch']),
    leave: script('leave', 'allow-oom', ['leave-fast', ...line, 'leave', 'leave-batch']),
    evict: script('evict', 'allow-oom', [{ lua: 'local asker\n' }, ...line, 'evict']),
    look: script('look', 'no-writes', ['look']),
    observe: script('observe', '', [limits, 'observe']),
    hasClaims: script('has-claims', 'no-writes', [limits, 'has-claims']),
    rebase: script('rebase', '', ['rebase']),
    rights: script('rights', 'no-writes', [limits, 'rights']),
  }
}
