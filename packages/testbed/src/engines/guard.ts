/**
 * Nothing of ours stays behind. Three nets: the kernel kills a server when the process that started it dies in any way
 * (`setpriv --pdeathsig`); an `exit` handler kills the servers and deletes the folders of a process that ends by
 * itself; and folders left by a killed process are deleted by the next one. Signal handlers belong to programs, not
 * here: a library that catches SIGINT changes how its host ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unmountBeneath } from '../os/mounts.ts'
import type { Storage } from './engine.ts'

const PREFIX = 'holdfast-lab'
const MEMORY = '/dev/shm'
const SETPRIV = '/usr/bin/setpriv'

const servers = new Set<ChildProcess>()
const folders = new Set<string>()
let armed = false

/** A new folder, readable by us only. Its name tells whose it is, so that others can see when its owner is dead. */
export async function makeFolder(label: string, storage: Storage): Promise<string> {
  arm()
  const parent = storage === 'memory' && (await isWritable(MEMORY)) ? MEMORY : tmpdir()
  const folder = mkdtempSync(join(parent, `${PREFIX}-${identity(process.pid)}-${label}-`))
  folders.add(folder)
  return folder
}

export function removeFolder(folder: string): void {
  unmountBeneath(folder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  folders.delete(folder)
}

export interface Launch {
  readonly command: readonly [string, ...string[]]
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
  /** An open file for both outputs: a pipe would stall the server whenever this process is stalled. */
  readonly output: number
}

/** Starts a server that dies with this process. It leads a process group of its own, so Ctrl-C reaches only us. */
export function launch({ command, cwd, environment, output }: Launch): ChildProcess {
  arm()
  const [program, ...args] = dyingWithUs(command)
  const child = spawn(program, args, { cwd, env: environment, detached: true, stdio: ['ignore', output, output] })
  servers.add(child)
  child.once('exit', () => servers.delete(child))
  child.once('error', () => servers.delete(child))
  return child
}

/** To the whole group. Safe from a reused pid: until Node has told us of the exit, the kernel keeps the id for us. */
export function signalServer(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const apart = childrenApart(child.pid)
  try {
    process.kill(-child.pid, signal)
  } catch {
    child.kill(signal)
  }
  for (const pid of apart) {
    try {
      process.kill(pid, signal)
    } catch {
      // It ended meanwhile.
    }
  }
}

/** Children that left the group of their server: PostgreSQL gives each of its processes a session of its own. */
export function childrenApart(pid: number): readonly number[] {
  try {
    const words = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')
    const children = words.map(Number).filter((child) => child > 0)
    return children.filter((child) => statFields(child)?.[2] !== String(pid))
  } catch {
    return []
  }
}

/** The command of a process that is killed when we die, in whatever way and though it is stopped (Linux; elsewhere as it is). */
export function dyingWithUs(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  if (process.platform !== 'linux') return command
  // The kernel sends the signal for a death from now on; the shell looks whether we died just before.
  const guarded = '[ "$PPID" = "$0" ] || exit 99; exec "$@"'
  return [SETPRIV, '--pdeathsig', 'KILL', '/bin/sh', '-c', guarded, String(process.pid), ...command]
}

function arm(): void {
  if (armed) return
  armed = true
  process.once('exit', () => {
    for (const child of servers) signalServer(child, 'SIGKILL')
    for (const folder of folders) deleteIfPossible(folder)
  })
  for (const parent of [MEMORY, tmpdir()]) sweep(parent)
}

/** Deletes what processes left that could not clean up: same user, same pid namespace, and surely not alive. */
function sweep(parent: string): void {
  const ours = /^holdfast-lab-(\d+)-(\d+)-(\d+)-/
  for (const name of namesIn(parent)) {
    const [, namespace, pid, ticks] = ours.exec(name) ?? []
    if (pid === undefined || namespace !== pidNamespace() || startTicks(Number(pid)) === ticks) continue
    const folder = join(parent, name)
    const found = lstatSync(folder, { throwIfNoEntry: false })
    if (found?.isDirectory() === true && found.uid === process.getuid?.()) deleteIfPossible(folder)
  }
}

/** What another process left is no reason for this one not to start; the next one tries again. */
function deleteIfPossible(folder: string): void {
  try {
    unmountBeneath(folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  } catch {
    // Another process may be removing it, or still be in it.
  }
}

function identity(pid: number): string {
  return `${pidNamespace() ?? 'x'}-${pid}-${startTicks(pid) ?? 'x'}`
}

function pidNamespace(): string | undefined {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0]
  } catch {
    return undefined
  }
}

/** When the process started, in the kernel's ticks: field 22 of proc_pid_stat(5), after a name that may hold anything. */
export function startTicks(pid: number): string | undefined {
  return statFields(pid)?.[19]
}

/** The kernel's letter: T is stopped, Z is dead and not yet collected; undefined when there is no such process. */
export function stateOf(pid: number): string | undefined {
  return statFields(pid)?.[0]
}

function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  )
}
