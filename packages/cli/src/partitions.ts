/** `holdfast partitions`: a command for each partition that this process owns, and who owns what. */
import type { Locks } from 'holdfast'
import { type Partition, type PartitionGroup, partitions } from 'holdfast/partitions'
import { CommandFailed, onShift, type Shift, stopBeforeOf } from './command-shift.ts'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { runUnderLease } from './leased-command.ts'
import { signalExitCode } from './signals.ts'

export interface PartitionsCommandOptions extends GlobalOptions {
  readonly count?: string
  readonly id?: string
  readonly share: string
  readonly ttl: string
  readonly drainWithin: string
  readonly settle: string
}

export interface PartitionsRequest {
  readonly name: string
  readonly command: readonly string[] | undefined
  readonly options: PartitionsCommandOptions
}

/** Looks at so many lines at a time. */
const LOOKS_AT_ONCE = 20
/** Signals end the group, and the commands by it. */
const KEPT_SIGNALS = { handOver: () => undefined, takeBack: () => undefined }

export async function partitionsCommand(context: Context, request: PartitionsRequest): Promise<number> {
  const { name, command, options } = request
  if (command === undefined)
    return await withLocks(context, options, ({ locks }) => show(context, locks, name, options))
  const count = whole('--count', options.count ?? '')
  const { id, ttl, drainWithin, settle } = options
  const settings = { count, share: whole('--share', options.share), ttl, drainWithin, settle, ...(id && { id }) }
  const work = async (shift: Shift): Promise<number> => {
    const group = partitions(shift.opened.locks, name, settings)
    tellEvents(context, group)
    const { signal } = shift.signals.interrupted
    try {
      await group.run((partition) => runOn(partition, shift, ttl), { signal })
    } catch (error) {
      if (error instanceof CommandFailed) return error.exitCode
      throw error
    }
    const { interruptedBy } = shift.signals
    return interruptedBy === undefined ? exitCodes.ok : signalExitCode(interruptedBy)
  }
  return await onShift(context, request, work, false)
}

/** A command that was to stop has stopped, whatever its code. */
async function runOn(partition: Partition, { context, opened, command }: Shift, ttl: string): Promise<void> {
  const code = await runUnderLease(partition, {
    context,
    opened,
    command,
    stopBeforeMs: stopBeforeOf(ttl),
    signals: KEPT_SIGNALS,
    stopping: partition.stopping,
    environment: { HOLDFAST_PARTITION: String(partition.index) },
  })
  if (code !== exitCodes.ok && !partition.stopping.aborted) throw new CommandFailed(code)
}

function tellEvents({ printer }: Context, group: PartitionGroup): void {
  for (const event of ['assigned', 'revoked'] as const) {
    group.on(event, ({ name, indexes, generation }) => {
      const list = indexes.join(' ')
      const words = `partitions of "${name}" ${event}: ${list}`
      printer.tell(words, { event, name, partitions: list, generation: String(generation) })
    })
  }
  group.on('lost', ({ name, index, token }) =>
    printer.tell(`partition ${index} of "${name}" is lost`, { event: 'lost', name, index, token: String(token) }),
  )
}

async function show({ printer }: Context, locks: Locks, name: string, options: GlobalOptions): Promise<number> {
  // To look the number need not be known.
  const assignment = await partitions(locks, name, { count: 1 }).assignment()
  const owners = assignment?.owners ?? []
  const rows: string[][] = []
  for (let first = 0; first < owners.length; first += LOOKS_AT_ONCE) {
    const some = owners.slice(first, first + LOOKS_AT_ONCE)
    rows.push(...(await Promise.all(some.map((member, place) => rowOf(locks, name, first + place, member)))))
  }
  if (options.json === true) {
    for (const [partition = '', member, owner, token] of rows)
      printer.document({ name, partition: Number(partition), member, owner, token })
  } else if (rows.length === 0) printer.line('there is no assignment')
  else printer.table(['PARTITION', 'MEMBER', 'OWNER', 'TOKEN'], rows)
  return exitCodes.ok
}

async function rowOf(locks: Locks, name: string, index: number, member: string | null): Promise<string[]> {
  const { claims } = await locks.inspect(`partitions:${name}:p/${index}`)
  const holder = claims.find(({ state }) => state === 'held')
  return [String(index), member ?? '-', holder?.owner ?? '-', String(holder?.token ?? '-')]
}

function whole(option: string, value: string): number {
  if (/^\d{1,4}$/.test(value)) return Number(value)
  const given = value === '' ? 'which is needed' : `got ${JSON.stringify(value)}`
  throw new Failure(exitCodes.usage, `${option} must be a whole number, ${given}`)
}
