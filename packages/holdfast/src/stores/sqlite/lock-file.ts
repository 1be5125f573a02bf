/**
 * The lock file under its path, whatever happens to it there: opens it, notices when it was deleted or replaced, and
 * carries tokens and wake-ups from one file to the next.
 */
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import type { Clock } from '../../time/clock.ts'
import { HoldfastError } from '../../store/errors.ts'
import type { Line } from '../../line/line.ts'
import type { Moment, LineStep } from '../../line/transition.ts'
import { canHangBells, WakeFiles } from './wake-files.ts'
import { type Call, Transaction } from './transaction.ts'
import type { OpenDatabase } from './client.ts'
import { type IsGone, rememberingLife, stepAmongLiving } from './dead-processes.ts'
import { LineDatabase } from './database.ts'
import { type ClockEpoch, epochAt } from './epoch.ts'
import { addUser, type FileUser, removeUser } from './file-users.ts'
import { lookAt, nothingThere, type ReadableLines } from './look.ts'
import { isSharedWithGroup, type IsTrusted, trusting } from './ownership.ts'
import { findFile } from './path.ts'
import { IdleLinePruner } from './prune.ts'
import type { ProcessIdentity } from './process-identity.ts'
import { openFile } from './open.ts'
import type { Lines } from './record.ts'
import { Watchers } from './watchers.ts'

export interface LockFileOptions {
  /** Absolute. */
  readonly path: string
  /** Creates the folder when it is missing. */
  readonly makeFolder: boolean
  readonly durability: 'normal' | 'full'
  /** Users whose files are trusted beside this user's and root's. */
  readonly trustedUsers: readonly number[]
  readonly machine: ProcessIdentity
  readonly clock: Clock
  readonly openDatabase: OpenDatabase
}

export class LockFile implements FileUser {
  readonly watchers: Watchers = new Watchers()
  /** Names this store in its claims: the process, and a number for the stores of one process. */
  readonly channel: string
  readonly #options: LockFileOptions
  readonly #isTrusted: IsTrusted
  readonly #idle = new IdleLinePruner()
  /** For those who only look, and will look again; a step that hands a lock over asks afresh. */
  readonly #wasGone: IsGone
  #file: LineDatabase | undefined
  #wasLost = false
  #bells: WakeFiles | undefined
  #highestToken = 0n

  constructor(options: LockFileOptions) {
    this.#options = options
    this.#isTrusted = trusting(options.trustedUsers)
    this.#wasGone = rememberingLife(options.machine.isGone, options.clock)
    this.channel = `${options.machine.process}.${randomBytes(6).toString('hex')}`
  }

  /** Throws for a path that cannot have a lock file, and for a file that is not one. Makes nothing. */
  check(): { readonly canBeWoken: boolean } {
    this.read(() => undefined)
    const { path } = this.#options
    const found = findFile({ ...this.#options, isTrusted: this.#isTrusted })
    return { canBeWoken: canHangBells(`${found ?? path}.bells`, this.#isTrusted) }
  }

  /** The clocks that judge, now. */
  readonly now = (): Moment => {
    const { clock, machine } = this.#options
    const wallMs = clock.wallMs()
    const nowMs = machine.clock === 'monotonic' ? clock.monotonicMs() : wallMs
    return { nowMs, tokenScaleUs: BigInt(Math.floor(wallMs * 1000)) }
  }

  /** Whether the files that are open are those under the path. */
  isCurrent(): boolean {
    return this.#file?.isCurrent() !== false
  }

  /** The file, open for change; another one when the path leads elsewhere by now, in which no claim of ours is left. */
  get file(): LineDatabase {
    if (this.#file?.isCurrent() === true) return this.#file
    this.letGo()
    this.#file = this.#open()
    addUser(this.#file.path, this)
    this.#hangBell(this.#file)
    if (this.#wasLost) this.watchers.hintAll()
    this.#wasLost = false
    return this.#file
  }

  /** Looks without changing anything, also where nothing may be changed; a file that is open already is not opened again. */
  read<T>(work: (lines: ReadableLines) => T): T {
    if (this.#file !== undefined) return work(this.file)
    const path = findFile({ ...this.#options, isTrusted: this.#isTrusted })
    if (path === undefined) return work(nothingThere)
    const { openDatabase } = this.#options
    return lookAt(path, { epoch: this.#epoch(), now: this.now(), openDatabase }, work)
  }

  /** One transaction, and after it the bells of everybody it concerns. `only` names the line of a step that has just one. */
  change<T>(work: (changes: Transaction) => T, only?: string): T {
    const { file } = this
    let calls: readonly Call[] = []
    const step = (now: Moment, lines: Lines): T => {
      const changes = new Transaction(lines, now, this.#options.machine.isGone)
      const answer = work(changes)
      calls = changes.flush()
      return answer
    }
    const swapped = only === undefined ? undefined : file.compareAndSet(only, this.channel, step)
    const result = swapped === undefined ? file.transact((now) => step(now, file)) : swapped.result
    for (const call of calls) this.#ring(call)
    if (this.#idle.countStep()) this.#forgetIdleLines(file)
    return result
  }

  /**
   * A step of one line that turns out to change nothing, without a transaction; `undefined` when it would. A hundred
   * waiters that look for crashes ten times a second would otherwise take a thousand write locks a second.
   */
  lookThrough<Answer>(
    resource: string,
    step: (line: Line, now: Moment) => LineStep<Answer>,
  ): LineStep<Answer> | undefined {
    const now = this.now()
    const { line } = this.read((lines) => lines.look(resource))
    const done = stepAmongLiving(line, now.nowMs, this.#wasGone, (before) => step(before, now))
    return done.line === line ? done : undefined
  }

  /** Whether a channel belongs to another process that can be seen from here. */
  readonly isOther = (channel: string): boolean => {
    const { machine } = this.#options
    return machine.isNeighbour(channel) && !channel.startsWith(`${machine.process}.`)
  }

  close(): void {
    this.letGo()
    this.watchers.hintAll()
  }

  letGo(): void {
    const file = this.#file
    this.#file = undefined
    this.#bells?.close()
    this.#bells = undefined
    if (file === undefined) return
    this.#wasLost = true
    removeUser(file.path, this)
    if (file.highestToken > this.#highestToken) this.#highestToken = file.highestToken
    file.close()
  }

  readonly #epoch = (): ClockEpoch => {
    const { nowMs } = this.now()
    return epochAt(this.#options.machine.epoch, nowMs, this.#options.clock.wallMs())
  }

  #open(): LineDatabase {
    const { durability, clock } = this.#options
    const floor = this.#highestToken
    const opened = openFile({
      ...this.#options,
      isTrusted: this.#isTrusted,
      epoch: this.#epoch(),
      now: this.now(),
      monotonicMs: () => clock.monotonicMs(),
      floor,
    })
    return new LineDatabase(opened, { durability, floor, now: this.now, epoch: this.#epoch })
  }

  #hangBell({ path }: LineDatabase): void {
    const onRing = (subjects: readonly string[] | undefined): void => {
      if (subjects === undefined) this.watchers.tellAll()
      else for (const subject of subjects) this.watchers.tell(subject)
    }
    const isShared = isSharedWithGroup(statSync(path))
    const { machine, clock } = this.#options
    const folder = `${path}.bells`
    this.#bells = new WakeFiles({ folder, own: this.channel, isTrusted: this.#isTrusted, isShared, onRing })
    this.#bells.open()
    this.#bells.sweep(machine.isGone, clock.wallMs())
  }

  #ring({ channel, resource, id }: Call): void {
    const subject = id === undefined ? resource : subjectOf(resource, id)
    if (channel === this.channel) this.watchers.tell(subject)
    else this.#bells?.ring(channel, subject)
  }

  /** The step is done and must not fail any more: when this does not work out now, a later step does it. */
  #forgetIdleLines(file: LineDatabase): void {
    try {
      this.#idle.forgetSome(file, this.now())
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
    }
  }
}

/** Names what is watched, in this process and on bells: encoded resources and ids have no space. */
export function subjectOf(resource: string, id: string): string {
  return `${resource} ${id}`
}
