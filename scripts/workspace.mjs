/** Where things are, and how the scripts start programs. Plain JavaScript for any Node from 18 on: it runs before the install. */
import { spawn } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { delimiter, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top folder of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

const bins = join(root, 'node_modules', '.bin')

/** The Node that the install brought, or undefined on a platform it has none for. */
export function broughtNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  const folder = join(root, 'node_modules', `${name}-${platform}-${process.arch}`)
  const program = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  return existsSync(program) ? program : undefined
}

/** What everything after the install runs on. */
export function projectNode() {
  return broughtNode() ?? process.execPath
}

/**
 * Makes `node` the project's own in npm scripts and for `npx holdfast`. npm 11 links it by itself; npm 10 leaves the
 * programs of optional packages out.
 */
export function linkNode() {
  const [brought, link] = [broughtNode(), join(bins, 'node')]
  if (brought !== undefined && process.platform !== 'win32' && !existsSync(link))
    symlinkSync(relative(bins, brought), link)
}

/** The environment in which `node` and `npm` are those of the machine: an install must not replace the Node it runs on. */
export function machineEnvironment() {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !isBins(folder))
  return { ...process.env, PATH: path.join(delimiter) }
}

/** @param {string} folder */
function isBins(folder) {
  return resolve(folder).startsWith(root) && folder.endsWith(join('node_modules', '.bin'))
}

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`)
}

/**
 * Runs a program in the top folder, or another one, with its output shown; resolves with its exit code.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>}
 */
export function run(program, args, options = {}) {
  return new Promise((done, failed) => {
    const shell = process.platform === 'win32' && program === 'npm'
    const { cwd = root, env = process.env } = options
    const child = spawn(program, [...args], { cwd, stdio: 'inherit', env, shell })
    child.on('error', failed)
    child.on('exit', (code, signal) => done(code ?? (signal === null ? 1 : 128)))
  })
}

/**
 * Runs one of the scripts beside this file on the project's Node.
 * @param {string} script
 * @param {readonly string[]} [args]
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
export function runScript(script, args = [], options = {}) {
  return run(projectNode(), [join(root, 'scripts', script), ...args], options)
}
