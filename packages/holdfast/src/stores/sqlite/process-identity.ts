/**
 * What processes of one machine can know about one another without talking: whether the machine restarted, which clock
 * they share, and whether another process is gone. A value handed to the store, so that it is the same code everywhere.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { StoreUnavailable } from '../../store/errors.ts'

export interface ProcessIdentity {
  /** Claims written under another epoch are over: their processes died with the machine. `wall` where restarts cannot be seen. */
  readonly epoch: string
  /** The clock that all processes of the epoch share. */
  readonly clock: 'monotonic' | 'wall'
  /** Pid, start time and pid namespace of this process, joined by dots: no other process of the epoch has the same. */
  readonly process: string
  /** Whether this process could tell that the other one is gone. */
  isNeighbour(process: string): boolean
  /** Known to be gone. False for a process that lives and for one that cannot be judged from here. */
  isGone(process: string): boolean
}

/** Stands for a start time or a namespace that cannot be read here. */
const UNKNOWN = '0'
export const WALL_EPOCH = 'wall'
/** A zombie has ended, only its parent has not noticed; X is on the way there. */
const ENDED_STATES = new Set(['Z', 'X', 'x'])

/** The machine this process runs on. Throws `StoreUnavailable` in a time namespace, whose clock no other process shares. */
export function thisMachine(): ProcessIdentity {
  const bootId = readWord('/proc/sys/kernel/random/boot_id')
  const start = readStat('self')?.start
  const namespace = pidNamespace()
  if (bootId === undefined || start === undefined || namespace === undefined) return plainMachine()
  refuseTimeNamespace()
  // In a pid namespace of its own that still sees the outer /proc, the entries there belong to other processes.
  const entriesAreOurs = readLink('/proc/self') === String(process.pid)
  const isNeighbour = (other: string): boolean => partsOf(other)?.namespace === namespace
  return {
    epoch: bootId,
    clock: 'monotonic',
    process: [process.pid, start, namespace].join('.'),
    isNeighbour,
    isGone(other) {
      const parts = partsOf(other)
      if (parts === undefined || parts.namespace !== namespace) return false
      if (!exists(parts.pid)) return true
      const stat = entriesAreOurs ? readStat(parts.pid) : undefined
      return stat !== undefined && (stat.start !== parts.start || ENDED_STATES.has(stat.state))
    },
  }
}

/** A system without /proc: the wall clock, no word of restarts, and a process counts as gone only when its pid is free. */
export function plainMachine(): ProcessIdentity {
  const isNeighbour = (other: string): boolean => partsOf(other)?.namespace === UNKNOWN
  return {
    epoch: WALL_EPOCH,
    clock: 'wall',
    process: [process.pid, UNKNOWN, UNKNOWN].join('.'),
    isNeighbour,
    isGone(other) {
      const parts = partsOf(other)
      return parts !== undefined && parts.namespace === UNKNOWN && !exists(parts.pid)
    },
  }
}

interface ProcessParts {
  readonly pid: number
  readonly start: string
  readonly namespace: string
}

/** Accepts what follows the three parts, so that a channel may extend a process identity. */
function partsOf(text: string): ProcessParts | undefined {
  const [, pid, start, namespace] = /^(\d{1,10})\.(\d{1,20})\.(\d{1,20})(?:\.|$)/.exec(text) ?? []
  if (pid === undefined || start === undefined || namespace === undefined) return undefined
  return { pid: Number(pid), start, namespace }
}

/** By signal 0 and not by /proc, which a `hidepid` mount keeps empty for other users. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Field 3 and field 22 of /proc/<pid>/stat; the name in field 2 may contain anything, also parentheses. */
function readStat(pid: number | 'self'): { readonly state: string; readonly start: string } | undefined {
  const text = readWord(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, start] = [fields[0], fields[19]]
  return state === undefined || start === undefined ? undefined : { state, start }
}

function pidNamespace(): string | undefined {
  return /^pid:\[(\d+)\]$/.exec(readLink('/proc/self/ns/pid') ?? '')?.[1]
}

function refuseTimeNamespace(): void {
  const offsets = readWord('/proc/self/timens_offsets') ?? ''
  const shifted = offsets.split('\n').some((line) => /[1-9]/.test(line.replace(/^\s*\w+/, '')))
  if (!shifted) return
  throw new StoreUnavailable(
    'this process runs in a time namespace whose clock is shifted, so it cannot agree with other processes on when ' +
      'a lease ends: run it without the namespace (unshare -T, a container option), or use a store with a server',
    { isFinal: true },
  )
}

function readWord(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim()
  } catch {
    return undefined
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
