/**
 * `npm run binary`: the command as one program for this machine, which needs no Node beside it: release/holdfast-<platform>-<arch>. One bundle
 * of the built command with its drivers, put into a copy of the Node of this project (a "single executable application" of Node).
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machineEnvironment, projectNode, root, run, say } from './workspace.mjs'

/** The exit code when no registry brings what makes it. */
export const CANNOT_INSTALL = 3

const TOOLS = { esbuild: '0.28.2', postject: '1.0.0-alpha.6' }
const command = join(root, 'packages', 'cli')
/** What Node looks for in itself when it starts; its documentation has it. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
/** Where the files of the command are, as they believe: nothing is read there. */
const PRETENDED = process.platform === 'win32' ? 'C:\\holdfast' : '/holdfast'

/** What the command takes at run time where it is there, and says how to get where it is not. */
const EXTERNAL = ['@holdfast/lab', '@holdfast/server', 'pg-native', 'pg-cloudflare']

/** Returns the folder with the tools, or undefined. */
async function installTools() {
  const folder = join(root, 'node_modules', '.cache', 'tools', 'binary')
  const manifest = `${JSON.stringify({ private: true, dependencies: TOOLS }, null, 2)}\n`
  const done = join(folder, 'fetched.json')
  if (existsSync(done) && readFileSync(done, 'utf8') === manifest) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), manifest)
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']
  if ((await run('npm', install, { cwd: folder, env: machineEnvironment() })) !== 0) return undefined
  writeFileSync(done, manifest)
  return folder
}

/**
 * @param {string} tools
 * @param {string} bundled
 */
async function bundle(tools, bundled) {
  /** @type {{ build(options: object): Promise<unknown> }} */
  const { build } = createRequire(join(tools, 'package.json'))('esbuild')
  await build({
    entryPoints: [join(command, 'dist', 'single-file.js')],
    outfile: bundled,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: EXTERNAL,
    define: {
      'import.meta.dirname': JSON.stringify(PRETENDED),
      'import.meta.filename': JSON.stringify(join(PRETENDED, 'holdfast.js')),
      'import.meta.url': '"file:///holdfast/holdfast.js"',
    },
    // The fault lab and the server are looked for, and said to be missing.
    logOverride: { 'empty-import-meta': 'silent' },
    logLevel: 'warning',
    legalComments: 'none',
  })
}

/**
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function node(args, cwd) {
  const { status, stdout, stderr } = spawnSync(projectNode(), args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`)
}

/**
 * @param {string} tools
 * @param {string} folder
 */
async function makeBinary(tools, folder) {
  const work = mkdtempSync(join(tmpdir(), 'holdfast-binary-'))
  try {
    await bundle(tools, join(work, 'holdfast.cjs'))
    const assets = { 'package.json': join(command, 'package.json') }
    const config = {
      main: 'holdfast.cjs',
      output: 'blob',
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      assets,
    }
    writeFileSync(join(work, 'sea.json'), JSON.stringify(config))
    node(['--experimental-sea-config', 'sea.json'], work)
    mkdirSync(folder, { recursive: true })
    const ending = process.platform === 'win32' ? '.exe' : ''
    const binary = join(folder, `holdfast-${process.platform}-${process.arch}${ending}`)
    rmSync(binary, { force: true })
    copyFileSync(projectNode(), binary)
    chmodSync(binary, 0o755)
    const postject = join(tools, 'node_modules', 'postject', 'dist', 'cli.js')
    node([postject, binary, 'NODE_SEA_BLOB', 'blob', '--sentinel-fuse', FUSE], work)
    return binary
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function main() {
  const { to } = parseArgs({ options: { to: { type: 'string' } } }).values
  if (process.platform === 'darwin') {
    say('a program for macOS has to be signed after this, which nobody has tried')
    return 1
  }
  const tools = await installTools()
  if (tools === undefined) return CANNOT_INSTALL
  say(await makeBinary(tools, to ?? join(root, 'release')))
  return 0
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main()
