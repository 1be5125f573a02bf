/** Runs a program to its end and keeps what it said. Arguments are never read by a shell. */
import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

const OUTPUT_MAX = 4 * 1024 * 1024
const COMPLAINT_MAX = 1_500

export interface CommandOptions {
  readonly withinMs: number
  readonly cwd?: string
  /** Written to its standard input. */
  readonly input?: string
}

/** What it wrote to standard output; rejects with the end of its complaint when it fails. */
export async function run(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const child = spawn(program, [...args], {
    cwd: options.cwd,
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.withinMs,
    killSignal: 'SIGTERM',
  })
  let output = ''
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-OUTPUT_MAX)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_MAX)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const ended = Promise.withResolvers<number | NodeJS.Signals | null>()
  child.once('error', (error) => ended.reject(error))
  child.once('close', (code, signal) => ended.resolve(code ?? signal))
  const outcome = await ended.promise
  if (outcome !== 0) throw new Error(`${program} ended with ${outcome}: ${complaint.trim()}`)
  return output
}

/** The full path of a program, also from the folders that only root has in its PATH. */
export async function which(program: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  for (const folder of program.startsWith('/') ? ['/'] : folders) {
    const path = join(folder, program)
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs && folder !== '') return path
  }
  return undefined
}
