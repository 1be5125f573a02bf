/** What `holdfast doctor` finds out alike about every database: its clock, its connections, and the rights on its tables. */
import { figure, type Finding } from './doctor-report.ts'

/** For connecting, and for each question. */
export const ANSWER_WITHIN_MS = 5_000
const CLOCK_MS_MAX = 1_000
const CONNECTIONS_SHARE = 0.8

/** What is said where there is trouble. */
export type Trouble = readonly [level: 'note' | 'problem', advice: string]

export function finding(check: string, seen: string, isTrouble: boolean, [level, advice]: Trouble): Finding {
  return isTrouble ? { level, check, seen, advice } : { level: 'ok', check, seen }
}

/** `askMs`: what the clock of the server says, in ms since 1970. */
export async function clockFinding(askMs: () => Promise<number>): Promise<Finding> {
  const beforeMs = Date.now()
  const nowMs = await askMs()
  const afterMs = Date.now()
  const aheadMs = nowMs - (beforeMs + afterMs) / 2
  const errorMs = Math.max(1, (afterMs - beforeMs) / 2)
  const seen = `the clock of the server is ${figure(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's (± ${figure(errorMs)})`
  return finding('server-clock', seen, Math.abs(aheadMs) - errorMs > CLOCK_MS_MAX, [
    'problem',
    'Run a time service (NTP) on both. Leases end by the clock of the server, and tokens follow it.',
  ])
}

export function connectionsFinding(used: number, max: number): Finding {
  return finding('connections', `${used} of ${max} are used`, used > max * CONNECTIONS_SHARE, [
    'note',
    'Each process brings two beside its pool. Raise max_connections, or give the locks a server of their own.',
  ])
}

/** `missing`: in the words of `GRANT`. */
export function rightsFinding(missing: readonly string[], page: string): Finding {
  return finding(
    'rights',
    missing.length === 0 ? 'all that are needed' : `no ${missing.join(', ')}`,
    missing.length > 0,
    ['problem', `GRANT what is missing to this user (${page}).`],
  )
}

export function absentTable(engine: string, seen = 'is not there yet'): Finding {
  return finding('table', seen, true, ['note', `A store makes it, or a person does: holdfast schema ${engine}.`])
}
