/**
 * The lock file under its path, whatever happens to it there: opens it, notices when it was deleted or replaced, and
 * carries tokens and wake-ups from one file to the next.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../time/clock.ts'
import { HoldfastError } from '../../store/errors.ts'
import type { Line } from '../../line/line.ts'
import type { Moment, LineStep } from '../../line/transition.ts'
import { WakeFiles } from './wake-files.ts'
import { type Call, Transaction } from './transaction.ts'
import type { OpenDatabase } from './client.ts'
import { type IsGone, rememberingLife, stepAmongLiving } from './dead-processes.ts'
import { LineDatabase } from './database.ts'
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
  readonly machine: ProcessIdentity
  readonly clock: Clock
  readonly openDatabase: OpenDatabase
}

export class LockFile {
  readonly watchers: Watchers = new Watchers()
  /** Names this store in its claims: the process, and a number for the stores of one process. */
  readonly channel: string
  readonly #options: LockFileOptions
  readonly #idle = new IdleLinePruner()
  /** For those who only look, and will look again; a step that hands a lock over asks afresh. */
  readonly #wasGone: IsGone
  #file: LineDatabase | undefined
  #bells: WakeFiles | undefined
  #highestToken = 0n
  #canBeWoken = false

  constructor(options: LockFileOptions) {
    this.#options = options
    this.#wasGone = rememberingLife(options.machine.isGone, options.clock)
    this.channel = `${options.machine.process}.${randomBytes(6).toString('hex')}`
  }

  get canBeWoken(): boolean {
    return this.#canBeWoken
  }

  /** The clocks that judge, now. */
  readonly now = (): Moment => {
    const { clock, machine } = this.#options
    const wallMs = clock.wallMs()
    const nowMs = machine.clock === 'monotonic' ? clock.monotonicMs() : wallMs
    return { nowMs, tokenScaleUs: BigInt(Math.floor(wallMs * 1000)) }
  }

  /** The open file; another one when the path names another one by now, in which no claim of ours is left. */
  get file(): LineDatabase {
    if (this.#file?.isCurrent(this.#options.path) === true) return this.#file
    const isReplaced = this.#file !== undefined
    this.#letGo()
    this.#file = this.#open()
    this.#hangBell(this.#file)
    if (isReplaced) this.watchers.hintAll()
    return this.#file
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
    const { line } = this.file.look(resource)
    const done = stepAmongLiving(line, now.nowMs, this.#wasGone, (before) => step(before, now))
    return done.line === line ? done : undefined
  }

  /** Whether a channel belongs to another process that can be seen from here. */
  readonly isOther = (channel: string): boolean => {
    const { machine } = this.#options
    return machine.isNeighbour(channel) && !channel.startsWith(`${machine.process}.`)
  }

  close(): void {
    this.#letGo()
    this.watchers.hintAll()
  }

  #open(): LineDatabase {
    const { durability, machine } = this.#options
    const floor = this.#highestToken
    const { tokenScaleUs } = this.now()
    const opened = openFile({ ...this.#options, epoch: machine.epoch, floor, tokenScaleUs })
    return new LineDatabase(opened, { durability, floor, now: this.now })
  }

  #hangBell(file: LineDatabase): void {
    const onRing = (subjects: readonly string[] | undefined): void => {
      if (subjects === undefined) this.watchers.tellAll()
      else for (const subject of subjects) this.watchers.tell(subject)
    }
    this.#bells = new WakeFiles({ folder: `${file.path}.bells`, own: this.channel, onRing })
    this.#canBeWoken = this.#bells.open()
    this.#bells.sweep(this.#options.machine.isGone)
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

  #letGo(): void {
    const file = this.#file
    this.#file = undefined
    this.#bells?.close()
    this.#bells = undefined
    if (file === undefined) return
    if (file.highestToken > this.#highestToken) this.#highestToken = file.highestToken
    file.close()
  }
}

/** Names what is watched, in this process and on bells: encoded resources and ids have no space. */
export function subjectOf(resource: string, id: string): string {
  return `${resource} ${id}`
}
