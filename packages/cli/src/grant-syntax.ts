/** The options that say which locks a command takes and how, as people type them. */
import type { Command } from 'commander'
import { exitCodes } from './exit-codes.ts'
import { WAIT_DEFAULT } from './run-settings.ts'

export function addGrantOptions(command: Command): void {
  command
    .argument('[name]', 'the lock, 1–200 bytes')
    .option(
      '-n, --name <name>',
      'instead of NAME, and repeated: several locks, all of them or none, at most 100',
      (name: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), name],
    )
    .option(
      '--wait <duration>',
      `wait at most so long for the lock, and for the store if it is away (default: ${WAIT_DEFAULT}, and 10s for the store)`,
    )
    .option('--no-wait', 'do not wait: fail when somebody else holds it')
    .option('--permits <number>', 'at most so many at a time; every user of the name says the same number')
    .option('--take <number>', 'so many of the permits (default: 1)')
    .option('--shared', 'as one of many readers; excludes --exclusive runs of the name')
    .option('--exclusive', 'as the writer beside --shared runs of the name')
    .option('--ttl <duration>', 'the lease: the lock is free so long after this machine died', '10s')
    .option('--min-hold <duration>', 'keep the lock taken for at least so long')
    .option(
      '--lock-delay <duration>',
      'nobody gets it for so long after an expiry, a crash or an eviction (at least --stop-before)',
    )
    .option('--note <text>', 'public text for those who inspect the lock')
    .option(
      '--conflict-exit-code <number>',
      'the exit code when the lock was not obtained',
      String(exitCodes.notObtained),
    )
}
