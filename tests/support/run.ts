/** Runs a program of the workspace and gives back what it said, for tests about tools. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './tree.ts'

export interface Ran {
  readonly code: number
  /** Both streams, in the order in which they came. */
  readonly output: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((done, failed) => {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...options.env }
    const shell = process.platform === 'win32' && program === 'npm'
    const child = spawn(program, [...args], { cwd: options.cwd ?? root, env, stdio: ['ignore', 'pipe', 'pipe'], shell })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (output += text))
    child.on('error', failed)
    child.on('close', (code) => done({ code: code ?? 1, output }))
  })
}

/** A script inside node_modules, run by the Node that runs the tests. */
export function runTool(script: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run(process.execPath, [join(root, 'node_modules', script), ...args], options)
}
