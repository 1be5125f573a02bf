/**
 * Builds all packages: makes modules of the Lua scripts, compiles what changed, removes what has no source any more and
 * copies what the programs around the library read beside their code.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { projectNode, root, run, say } from './workspace.mjs'
import { seconds } from './install.mjs'
import { makeLuaModules } from './lua-modules.mjs'

const ASSETS = /\.(?:sql|css|html)$/
const MADE_OF_TYPESCRIPT = /\.(?:js|d\.ts)(?:\.map)?$/
/** A second build, of the same sources, for programs that cannot load modules: it is told apart by a package.json of its own. */
const COMMONJS = /^cjs[/\\]/
const BUILT_TWICE = ['holdfast', 'fastify', 'nestjs', 'telemetry', 'otel', 'prometheus']
const COMMONJS_MARKER = '{ "type": "commonjs" }\n'

/** @param {string} packageFolder */
function tidy(packageFolder) {
  const source = join(packageFolder, 'src')
  const built = join(packageFolder, 'dist')
  if (!existsSync(source)) return
  for (const file of filesBelow(source).filter((each) => ASSETS.test(each))) {
    mkdirSync(dirname(join(built, file)), { recursive: true })
    copyFileSync(join(source, file), join(built, file))
  }
  for (const file of filesBelow(built)) {
    if (basename(file).startsWith('.') || file === join('cjs', 'package.json')) continue
    const made = file.replace(COMMONJS, '')
    const from = MADE_OF_TYPESCRIPT.test(made) ? made.replace(MADE_OF_TYPESCRIPT, '.ts') : made
    const isMade = MADE_OF_TYPESCRIPT.test(made) || ASSETS.test(made)
    const isPublished = isMade && !/\.(?:test|fixture)\.ts$/.test(from)
    if (!isPublished || !existsSync(join(source, from))) rmSync(join(built, file))
  }
}

/** @param {string} folder */
function filesBelow(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

const startedMs = Date.now()
makeLuaModules(join(root, 'packages', 'holdfast', 'src'))
const code = await run(projectNode(), [
  join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
  '--build',
  'tsconfig.build.json',
])
if (code === 0) {
  for (const name of BUILT_TWICE)
    writeFileSync(join(root, 'packages', name, 'dist', 'cjs', 'package.json'), COMMONJS_MARKER)
}
for (const folder of ['packages', 'examples']) {
  for (const name of readdirSync(join(root, folder))) tidy(join(root, folder, name))
}
say(code === 0 ? `built in ${seconds(startedMs)}` : 'the build failed; the compiler says why above')
process.exitCode = code
