/**
 * What processes of one machine can know about one another without talking: which clock they share, and whether another
 * process is gone. A value handed to the store, so that it is the same code everywhere.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { StoreUnavailable } from '../../store/errors.ts'

export interface ProcessIdentity {
  /** The boot id of the machine, as this process sees it: a container may have one of its own. `wall` where none can be read. */
  readonly epoch: string
  /** The clock that all processes of the machine share. */
  readonly clock: 'monotonic' | 'wall'
  /** Pid, start time, pid namespace and boot of this process, joined by dots: no other process has the same. */
  readonly process: string
  /** Whether this process could tell that the other one is gone. */
  isNeighbour(process: string): boolean
  /** Known to be gone. False for a process that lives and for one that cannot be judged from here. */
  isGone(process: string): boolean
}

/** Stands for a start time, a namespace or a boot that cannot be read here. */
const UNKNOWN = '0'
export const WALL_EPOCH = 'wall'
/** A zombie has ended, only its parent has not noticed; X is on the way there. */
const ENDED_STATES = new Set(['Z', 'X', 'x'])
/** Of a boot id, enough to tell boots apart. */
const BOOT_LENGTH = 16
const IDENTITY = /^(\d{1,10})\.(\d{1,20})\.(\d{1,20})\.([0-9a-f]{1,16})(?:\.|$)/

/** The machine this process runs on. Throws `StoreUnavailable` in a time namespace, whose clock no other process shares. */
export function thisMachine(): ProcessIdentity {
  const bootId = readWord('/proc/sys/kernel/random/boot_id')
  const start = readStat('self')?.start
  const namespace = pidNamespace()
  if (bootId === undefined || start === undefined || namespace === undefined) return plainMachine(process.platform)
  refuseTimeNamespace()
  // In a pid namespace of its own that still sees the outer /proc, the entries there belong to other processes.
  const entriesAreOurs = readLink('/proc/self') === String(process.pid)
  const boot = bootId.replaceAll(/[^0-9a-f]/g, '').slice(0, BOOT_LENGTH)
  // That a pid is free says something only to a process that counts pids as the other one did: in the same namespace,
  // and since the same boot. Elsewhere it is an absence, and no proof of death.
  const isNeighbour = (other: string): boolean => {
    const parts = partsOf(other)
    return parts?.namespace === namespace && parts.boot === boot
  }
  return {
    epoch: bootId,
    clock: 'monotonic',
    process: [process.pid, start, namespace, boot].join('.'),
    isNeighbour,
    isGone(other) {
      const parts = partsOf(other)
      if (parts === undefined || !isNeighbour(other)) return false
      if (!exists(parts.pid)) return true
      const stat = entriesAreOurs ? readStat(parts.pid) : undefined
      return stat !== undefined && (stat.start !== parts.start || ENDED_STATES.has(stat.state))
    },
  }
}

/**
 * A system without /proc: the wall clock, and no word of restarts. Only macOS is known to have one table of processes for
 * everybody, so that a free pid means a process that is gone; elsewhere nobody is judged.
 */
export function plainMachine(platform: NodeJS.Platform): ProcessIdentity {
  const hasOneTable = platform === 'darwin'
  const isNeighbour = (other: string): boolean => hasOneTable && partsOf(other)?.namespace === UNKNOWN
  return {
    epoch: WALL_EPOCH,
    clock: 'wall',
    process: [process.pid, UNKNOWN, UNKNOWN, UNKNOWN].join('.'),
    isNeighbour,
    isGone(other) {
      const parts = partsOf(other)
      return parts !== undefined && isNeighbour(other) && !exists(parts.pid)
    },
  }
}

interface ProcessParts {
  readonly pid: number
  readonly start: string
  readonly namespace: string
  readonly boot: string
}

/** Accepts what follows the four parts, so that a channel may extend a process identity. */
function partsOf(text: string): ProcessParts | undefined {
  const [, pid, start, namespace, boot] = IDENTITY.exec(text) ?? []
  if (pid === undefined || start === undefined || namespace === undefined || boot === undefined) return undefined
  return { pid: Number(pid), start, namespace, boot }
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
