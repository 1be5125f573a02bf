/**
 * A small process of its own that starts the command and ends it in time: at the lease's deadline when the run was
 * suspended and cannot, and at once when the run was killed. Because it is the command's parent, there is no moment in
 * which the command runs and the guardian does not know it, and no pid that could have become a stranger's.
 */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { Writable } from 'node:stream'
import { leftMs, monotonicNowMs, type Order, type Report, type SharedDeadline } from './guardian-protocol.ts'
import { isGroupAlive, type ProcessGroup, processGroupOf, signalGroup } from './process-group.ts'

/**
 * KILL comes this share of `stopBefore` ahead of the deadline, or of the end of the lock-delay when the run was killed:
 * for timers that are late and processes that die slowly.
 */
const KILL_AHEAD_SHARE = 1 / 5
/** What the command left running in its group may finish by itself for so long: a `tee` that still writes, say. */
const LEFT_BEHIND_MS = 500
/** A timer does not see a suspended machine: the clocks are compared at least this often. */
const LOOK_MS_MAX = 1_000
const LOOK_MS_MIN = 5
/** After KILL the kernel needs a moment; a process in uninterruptible sleep may need for ever, and cannot run on either. */
const KILLED_MS_MAX = 2_000

/**
 * The command waits here until the run knows its group. A guardian that was killed between the start and the report left
 * the command's own children to no process: on a busy machine that was a tenth of a second.
 */
const GATE = process.platform === 'win32' ? [] : ['sh', '-c', 'read -r go <&3 && exec 3<&- && exec "$@"', 'holdfast']
const stdio: StdioOptions = ['inherit', 'inherit', 'inherit', 'pipe']

class Guardian {
  readonly #launcher: readonly string[]
  #group: ProcessGroup | undefined
  #deadline: SharedDeadline = { monotonicMs: 0, wallMs: 0 }
  #stopBeforeMs = 0
  /** When to send TERM, and when KILL, on the monotonic clock; the deadline may bring both forward. */
  #terminateAtMs = Number.POSITIVE_INFINITY
  #killAtMs = Number.POSITIVE_INFINITY
  /** Whether TERM was sent, and to whom: only a command that still ran was stopped; tidying up behind it is not news. */
  #terminated: 'command' | 'left behind' | undefined
  #end: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined
  #timer: NodeJS.Timeout | undefined
  #orphaned = false

  constructor(launcher: readonly string[]) {
    this.#launcher = launcher
  }

  obey(order: Order): void {
    if (order.kind === 'start') this.#start(order)
    else if (order.kind === 'deadline') this.#deadline = order.deadline
    else if (order.kind === 'stop') this.#terminateAtMs = 0
    else if (this.#group !== undefined) signalGroup(this.#group, order.signal)
    this.#look()
  }

  /** The run is gone, killed or done. */
  orphan(): void {
    this.#orphaned = true
    this.#terminateAtMs = 0
    this.#look()
    if (this.#group === undefined) process.exit()
  }

  #start(order: Extract<Order, { kind: 'start' }>): void {
    this.#deadline = order.deadline
    this.#stopBeforeMs = order.stopBeforeMs
    if (leftMs(order.deadline) <= order.stopBeforeMs * KILL_AHEAD_SHARE) {
      // Over before it began: the run was suspended between the grant and this order, say.
      report({ kind: 'ended', code: null, signal: null, stopped: true })
      return
    }
    const [file = '', ...args] = [...this.#launcher, ...GATE, ...order.command]
    let child: ChildProcess
    try {
      child = spawn(file, args, { stdio, detached: true, env: { ...process.env, ...order.environment } })
    } catch (error) {
      reportFailure(error)
      return
    }
    child.once('error', (error) => {
      if (this.#group === undefined) reportFailure(error)
    })
    if (child.pid === undefined) return
    const group = processGroupOf(child.pid)
    this.#group = group
    child.once('exit', (code, signal) => this.#exited(group, code, signal))
    report({ kind: 'started', group }, (error) => openGate(child, error === null))
  }

  #exited(group: ProcessGroup, code: number | null, signal: NodeJS.Signals | null): void {
    this.#end = { code, signal }
    if (isGroupAlive(group)) this.#terminateAtMs = Math.min(this.#terminateAtMs, monotonicNowMs() + LEFT_BEHIND_MS)
    this.#look()
  }

  /** Does whatever is due and says when to look again. */
  #look(): void {
    clearTimeout(this.#timer)
    const group = this.#group
    if (group === undefined) return
    if (this.#end !== undefined && (!isGroupAlive(group) || monotonicNowMs() > this.#killAtMs + KILLED_MS_MAX)) {
      this.#finish(this.#end)
      return
    }
    const deadlineAtMs = monotonicNowMs() + leftMs(this.#deadline)
    const terminateAtMs = Math.min(this.#terminateAtMs, deadlineAtMs - this.#stopBeforeMs)
    if (this.#terminated === undefined && monotonicNowMs() >= terminateAtMs) this.#terminate(group)
    const killAtMs = Math.min(this.#killAtMs, deadlineAtMs - this.#stopBeforeMs * KILL_AHEAD_SHARE)
    if (monotonicNowMs() >= killAtMs) {
      this.#killAtMs = Math.min(this.#killAtMs, monotonicNowMs())
      signalGroup(group, 'SIGKILL')
    }
    const nextMs = (this.#terminated !== undefined ? killAtMs : terminateAtMs) - monotonicNowMs()
    const waitsForRest = this.#end !== undefined || this.#killAtMs !== Number.POSITIVE_INFINITY
    const lookMs = Math.min(Math.max(nextMs, LOOK_MS_MIN), waitsForRest ? LOOK_MS_MIN * 4 : LOOK_MS_MAX)
    this.#timer = setTimeout(() => this.#look(), lookMs)
  }

  #terminate(group: ProcessGroup): void {
    this.#terminated = this.#end === undefined ? 'command' : 'left behind'
    this.#killAtMs = monotonicNowMs() + this.#stopBeforeMs * (1 - KILL_AHEAD_SHARE)
    signalGroup(group, 'SIGTERM')
    // A suspended process would see its TERM only after it was resumed.
    signalGroup(group, 'SIGCONT')
  }

  #finish(end: { readonly code: number | null; readonly signal: NodeJS.Signals | null }): void {
    this.#group = undefined
    report({ kind: 'ended', ...end, stopped: this.#terminated === 'command' })
    if (this.#orphaned) process.exit()
  }
}

/** `sent`: it is with the run, which reads it also when this process is dead by then; or why it is not. */
function report(message: Report, sent: (error: Error | null) => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, {}, sent)
  else sent(new Error('the run is gone'))
}

/** Closed without a word, it lets no command start. */
function openGate({ stdio: [, , , gate] }: ChildProcess, isOpen: boolean): void {
  if (!(gate instanceof Writable)) return
  // Who should have gone through may be dead already.
  gate.on('error', () => undefined)
  gate.end(isOpen ? '\n' : '')
}

function reportFailure(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  report({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) })
}

/**
 * What to put in front of the command so that the kernel kills it when the guardian dies, which covers a `killall -9`
 * of both processes: util-linux's setpriv. Tried out first, because BusyBox has a setpriv without this option.
 */
function launcherDyingWithParent(): Promise<readonly string[]> {
  const [file, ...args] = ['setpriv', '--pdeathsig', 'KILL', '--'] as const
  if (process.platform !== 'linux') return Promise.resolve([])
  const probe = spawn(file, [...args, 'true'], { stdio: 'ignore' })
  return new Promise((resolve) => {
    probe.once('error', () => resolve([]))
    probe.once('exit', (code) => resolve(code === 0 ? [file, ...args] : []))
  })
}

process.title = 'holdfast guardian'
// A signal to the whole group (a service manager's TERM, say) reaches the command by itself; the guardian goes last.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => undefined)
// Listening begins at once; what comes before the probe has ended waits for it, in order.
const guardian = launcherDyingWithParent().then((launcher) => new Guardian(launcher))
process.on('message', (order: Order) => void guardian.then((ready) => ready.obey(order)))
process.on('disconnect', () => void guardian.then((ready) => ready.orphan()))
