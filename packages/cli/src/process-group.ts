/** A process group that can be signalled safely: a pid that was given to a stranger since then is never touched. */
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessGroup {
  /** The pid of the first process, which is the id of the group. */
  readonly pid: number
  /** When that process started, in the kernel's ticks; absent where there is no /proc. */
  readonly startTicks: string | undefined
}

export function processGroupOf(pid: number): ProcessGroup {
  return { pid, startTicks: statOf(pid)?.startTicks }
}

/** Signals every process of the group; false when there is none left, or when the pid belongs to another process by now. */
export function signalGroup(group: ProcessGroup, signal: NodeJS.Signals | 0): boolean {
  // A group id is not given out again while the group has a member. So either the first process is still ours, or
  // it is gone and the group is what it left behind, or the id is a new process: then ours is gone for good.
  const startTicks = statOf(group.pid)?.startTicks
  if (startTicks !== undefined && group.startTicks !== undefined && startTicks !== group.startTicks) return false
  try {
    process.kill(-group.pid, signal)
    return true
  } catch {
    return false
  }
}

/** Whether any process of the group can still run: a zombie that is not reaped cannot. */
export function isGroupAlive(group: ProcessGroup): boolean {
  if (!signalGroup(group, 0)) return false
  const pids = numbersIn('/proc')
  if (pids === undefined) return true
  return pids.some((pid) => {
    const stat = statOf(pid)
    return stat !== undefined && stat.group === group.pid && stat.state !== 'Z' && stat.state !== 'X'
  })
}

interface Stat {
  readonly state: string
  readonly group: number
  readonly startTicks: string
}

/** From /proc/<pid>/stat (proc_pid_stat(5)): the fields after the command's name, which may itself contain anything. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', group: Number(fields[2]), startTicks: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

function numbersIn(folder: string): readonly number[] | undefined {
  try {
    const pids = readdirSync(folder).filter((entry) => /^\d+$/.test(entry))
    return pids.length === 0 ? undefined : pids.map(Number)
  } catch {
    return undefined
  }
}
