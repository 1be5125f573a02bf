/** What the SQLite store promises on this machine, as data. */
import { TTL_MS_MAX, TTL_MS_MIN } from '../../store/limits.ts'
import type { Facts } from '../../store/facts.ts'
import type { ProcessIdentity } from './process-identity.ts'

export interface FileFindings {
  readonly sqliteVersion: string
  readonly durability: 'normal' | 'full'
  readonly machine: ProcessIdentity
  readonly canBeWoken: boolean
}

/** Before this version, two processes that checkpointed at the same moment could damage a WAL file. (sqlite.org/wal.html, "the WAL-reset bug") */
const WAL_FIXED_IN = [3, 51, 3] as const

/** POSIX ends all locks of a process on a file when the process closes any descriptor of it. (docs/sqlite.md) */
const READS =
  'a process that reads or copies the lock file, its -wal or its -shm while it has it open: its own locks on it are gone then, ' +
  'so two processes may change it at once while asynchronous calls read it, and it may end with SIGBUS when others open it'

export function factsOf(findings: FileFindings): Facts {
  const { machine, canBeWoken, sqliteVersion } = findings
  const monotonic = machine.clock === 'monotonic'
  return {
    engine: `SQLite ${sqliteVersion} (node:sqlite of Node ${process.versions.node})`,
    safetyClass: 'durable',
    reasons: reasonsOf(findings),
    clock: monotonic
      ? 'the monotonic clock of this machine, which all of its processes share'
      : 'the wall clock of this machine: no boot id can be read here, without which a monotonic clock means nothing after a restart',
    expiry: 'engine',
    tokenScale: 'clock',
    tokens:
      'max(last + 1, wall clock in µs), kept in the file, and at most an hour ahead of where a clock that nobody sets says that ' +
      `the wall clock must be${monotonic ? ' since the machine was started' : ', in each process'}. They rise over crashes, restarts and power cuts whatever the ` +
      'clock does (a ceiling is flushed to the disk before any token above it is given), and over deletion of the file as the clock rises',
    order: 'fifo',
    wakeUp: canBeWoken ? 'push' : 'poll',
    ttl: { per: 'claim', granularityMs: 1, minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX },
    endsWithProcess: true,
    lockRisks: [
      'deleting, replacing or restoring the lock file, its -wal or its -shm',
      ...(process.platform === 'win32' ? [] : [READS]),
      'a process that is stopped inside its transaction: nobody can renew until it goes on',
      ...(monotonic ? [] : ['a wall clock that is set forward by more than what is left of the lease']),
      ...(hasWalFix(sqliteVersion) ? [] : ['damage to the file by a rare defect of this SQLite version']),
    ],
    tokenRisks: ['deleting the lock file, or restoring an old one, together with a clock that is set back'],
    unsupported: {},
  }
}

function reasonsOf({ durability, machine, canBeWoken, sqliteVersion }: FileFindings): readonly string[] {
  const reasons = [
    'One file on one machine: every change is one transaction, and all processes see it at once.',
    durability === 'full'
      ? 'Every change is flushed to the disk before it is answered.'
      : 'A power cut may undo the last changes, which no process survives to notice; tokens rise all the same.',
  ]
  if (machine.clock === 'monotonic') {
    reasons.push(
      'A killed process loses its claims at once for processes of the same boot and pid namespace, and elsewhere at their end.',
      'After a restart of the machine a claim from before lasts for one ttl from the first change on.',
    )
  } else {
    reasons.push('Restarts of the machine cannot be seen here, so claims from before one last until their lease ends.')
  }
  if (!canBeWoken) reasons.push('This process cannot watch files (inotify limit?), so waiters look by themselves.')
  if (!hasWalFix(sqliteVersion)) {
    reasons.push(
      `SQLite ${sqliteVersion} can damage a file that several processes use, rarely: use a Node with SQLite ${WAL_FIXED_IN.join('.')} or newer.`,
    )
  }
  return reasons
}

function hasWalFix(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, needed] of WAL_FIXED_IN.entries()) {
    const part = parts[index] ?? 0
    if (part !== needed) return part > needed
  }
  return true
}
