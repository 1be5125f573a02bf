/**
 * The engine of the store: the lock file under its path, whatever happens to it there. It opens the file for the first
 * change, notices when it was deleted or replaced, and carries tokens and wake-ups from one file to the next.
 */
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import type { Line } from '../../line/line.ts'
import { TokenScale } from '../../line/token-scale.ts'
import type { Moment } from '../../line/transition.ts'
import { HoldfastError, StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { TokenScaleView } from '../../store/store.ts'
import { type Clock, stampOf } from '../../time/clock.ts'
import type {
  LineAsk,
  ListedLine,
  Notice,
  OnNotice,
  Reading,
  RecordChange,
  RecordEngine,
  StepAround,
} from '../records/engine.ts'
import type { Lines } from '../records/crowd.ts'
import { IdleLinePruner } from '../records/prune.ts'
import type { OpenDatabase } from './client.ts'
import { LineDatabase } from './database.ts'
import { type IsGone, LOOK_AGAIN_MS, looksForCrashes, rememberingLife, stepAmongLiving } from './dead-processes.ts'
import { type ClockEpoch, epochAt } from './epoch.ts'
import { factsOf } from './facts.ts'
import { addUser, type FileUser, removeUser } from './file-users.ts'
import { lookAt, nothingThere, type ReadableLines } from './look.ts'
import { openFile } from './open.ts'
import { isSharedWithGroup, type IsTrusted, trusting } from './ownership.ts'
import { findFile } from './path.ts'
import type { ProcessIdentity } from './process-identity.ts'
import { lowerTokens } from './rebase.ts'
import { canHangBells, WakeFiles } from './wake-files.ts'

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
  readonly onNotice: OnNotice
}

/** What a wake file says: encoded resources and ids have no space. */
const SEPARATOR = ' '

export class LockFile implements RecordEngine, FileUser {
  readonly facts: Facts
  readonly spansLines = true
  /** The process, and a number for the stores of one process. */
  readonly channel: string
  readonly #options: LockFileOptions
  readonly #isTrusted: IsTrusted
  readonly #pruner = new IdleLinePruner()
  /** For steps that only look, and are looked at again; a step that hands a lock over asks afresh. */
  readonly #wasGone: IsGone
  #database: LineDatabase | undefined
  #wakeFiles: WakeFiles | undefined
  #highestToken = 0n
  /** By the clocks of this process alone, until a file tells how they were before. */
  #scale = new TokenScale()
  #isClosed = false

  /** Throws for a path that cannot have a lock file, and for a file that is not one. Makes nothing. */
  constructor(options: LockFileOptions) {
    const { path, machine, clock, durability, openDatabase, trustedUsers } = options
    this.#options = options
    this.#isTrusted = trusting(trustedUsers)
    this.#wasGone = rememberingLife(machine.isGone, clock)
    this.channel = `${machine.process}.${randomBytes(6).toString('hex')}`
    const found = this.#find()
    if (found !== undefined) this.#lookAt(found, () => undefined)
    const canBeWoken = canHangBells(`${found ?? path}.bells`, this.#isTrusted)
    this.facts = factsOf({ sqliteVersion: versionOf(openDatabase), durability, machine, canBeWoken })
  }

  /** The clocks that judge, now. */
  readonly now = (): Moment => {
    const { clock, machine } = this.#options
    const stamp = stampOf(clock)
    const nowMs = machine.clock === 'monotonic' ? stamp.monotonicMs : stamp.wallMs
    return { nowMs, tokenScaleUs: this.#scale.at(stamp) }
  }

  /** Of the file that is open for change; of another one when the path leads elsewhere by now, where no claim of ours is. */
  get database(): LineDatabase {
    if (this.#isClosed) throw new StoreUnavailable('this store was closed')
    if (this.#database?.identity.looksCurrent() === true) return this.#database
    const isReplaced = this.#database !== undefined
    this.#letGo()
    this.#database = this.#open()
    addUser(this.#database.path, this)
    this.#openWakeFiles(this.#database)
    if (isReplaced) this.#options.onNotice('unsure')
    return this.#database
  }

  /** One transaction, and after it the wake-ups of every process that it concerns. */
  change<Result>(asks: readonly LineAsk[], work: (change: RecordChange) => Result): Result {
    const { database } = this
    let notices: Notice[] = []
    const step = (now: Moment, lines: Lines): Result => {
      // The work may run again, and then what the first run said is forgotten.
      notices = []
      return work({
        now,
        around: amongLiving(this.#options.machine.isGone),
        read: (resource) => lines.read(resource),
        write: (resource, record) => lines.write(resource, record),
        notify: (notice) => void notices.push(notice),
      })
    }
    const [only, ...others] = asks
    const swapped = only === undefined || others.length > 0 ? undefined : database.compareAndSet(only.resource, step)
    const result = swapped === undefined ? database.change(asks, step) : swapped.result
    for (const notice of notices) this.#deliver(notice)
    if (this.#pruner.countStep()) this.#prune(database)
    return result
  }

  read(resource: string, ids: readonly string[] | 'all'): Reading {
    return { record: this.#look((lines) => lines.look(resource, ids)), now: this.now() }
  }

  list(prefix: string, after: string, limit: number): readonly ListedLine[] {
    const now = this.now()
    return this.#look((lines) => lines.list(prefix, after, limit)).map(({ resource, line }) => ({
      resource,
      line,
      now,
    }))
  }

  /** A waiter that only looks judges processes by what was known a moment ago. */
  readonly around: StepAround = (line, now, step) => stepAmongLiving(line, now.nowMs, this.#wasGone, step)

  recheckInMs(line: Line, id: string): number | undefined {
    return looksForCrashes(line, id, this.#isOther) ? LOOK_AGAIN_MS : undefined
  }

  rebase(to?: bigint): TokenScaleView {
    const { database } = this
    const highest = database.highestInFile()
    if (to === undefined || to === highest) return { highest }
    if (to > highest) {
      database.raiseTokens(to)
      return { highest }
    }
    this.#letGo()
    lowerTokens(database.path, to, this.now(), this.#options.openDatabase)
    // What this process had seen is what was wrong.
    this.#highestToken = 0n
    this.#options.onNotice('unsure')
    return { highest }
  }

  isCurrent(): boolean {
    return this.#database?.identity.isCurrent() !== false
  }

  /** For another store of this process, which found that the files are not there any more. */
  letGo(): void {
    this.#letGo()
    this.#options.onNotice('unsure')
  }

  close(): void {
    this.#isClosed = true
    this.#letGo()
  }

  /** Whether a channel belongs to another process that can be seen from here. */
  readonly #isOther = (channel: string): boolean => {
    const { machine } = this.#options
    return machine.isNeighbour(channel) && !channel.startsWith(`${machine.process}.`)
  }

  readonly #epoch = (): ClockEpoch => {
    const { machine, clock } = this.#options
    return epochAt(machine.epoch, this.now().nowMs, clock.wallMs())
  }

  #find(): string | undefined {
    const { path, makeFolder } = this.#options
    return findFile({ path, makeFolder, isTrusted: this.#isTrusted })
  }

  /** Changes nothing on the disk, so that looking is possible where nothing may be changed. */
  #look<T>(work: (lines: ReadableLines) => T): T {
    if (this.#database !== undefined || this.#isClosed) return this.database.look(work)
    const path = this.#find()
    return path === undefined ? work(nothingThere) : this.#lookAt(path, work)
  }

  #lookAt<T>(path: string, work: (lines: ReadableLines) => T): T {
    const { openDatabase } = this.#options
    return lookAt(path, { epoch: this.#epoch(), now: this.now(), openDatabase }, work)
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
    if (opened.scaleReference !== undefined) this.#scale = new TokenScale(opened.scaleReference)
    return new LineDatabase(opened, { durability, floor, now: this.now, epoch: this.#epoch, channel: this.channel })
  }

  #openWakeFiles({ path }: LineDatabase): void {
    const onRing = (subjects: readonly string[] | undefined): void => {
      if (subjects === undefined) return this.#options.onNotice()
      for (const subject of subjects) {
        const [resource = '', id] = subject.split(SEPARATOR)
        this.#options.onNotice(id === undefined ? { resource } : { resource, id })
      }
    }
    const { machine, clock } = this.#options
    this.#wakeFiles = new WakeFiles({
      folder: `${path}.bells`,
      own: this.channel,
      isTrusted: this.#isTrusted,
      isShared: isSharedWithGroup(statSync(path)),
      onRing,
    })
    this.#wakeFiles.open()
    this.#wakeFiles.sweep(machine.isGone, clock.wallMs())
  }

  #deliver({ channel, resource, id }: Notice): void {
    if (channel === this.channel) this.#options.onNotice(id === undefined ? { resource } : { resource, id })
    else this.#wakeFiles?.ring(channel, id === undefined ? resource : `${resource}${SEPARATOR}${id}`)
  }

  /** The step is done and must not fail any more: when this does not work out now, a later step does it. */
  #prune(database: LineDatabase): void {
    try {
      this.#pruner.forgetSome(database, this.now())
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
    }
  }

  #letGo(): void {
    const database = this.#database
    this.#database = undefined
    this.#wakeFiles?.close()
    this.#wakeFiles = undefined
    if (database === undefined) return
    removeUser(database.path, this)
    if (database.highestToken > this.#highestToken) this.#highestToken = database.highestToken
    database.close()
  }
}

function versionOf(openDatabase: OpenDatabase): string {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 })
  try {
    return String(database.prepare('SELECT sqlite_version() AS version').get()?.['version'])
  } finally {
    database.close()
  }
}

/** A process is looked up once in a change, however many claims it has. */
function amongLiving(isGone: IsGone): StepAround {
  let judged: Map<string, boolean> | undefined
  const judge = (channel: string): boolean => {
    judged ??= new Map()
    let gone = judged.get(channel)
    if (gone === undefined) judged.set(channel, (gone = isGone(channel)))
    return gone
  }
  return (line, now, step) => stepAmongLiving(line, now.nowMs, judge, step)
}
