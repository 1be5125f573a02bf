/**
 * Builds all packages: compiles what changed, removes what has no source any more and copies scripts and schemas beside
 * the code that reads them.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectNode, root, run, say } from './workspace.mjs'
import { seconds } from './install.mjs'

const ASSETS = /\.(?:lua|sql|css|html)$/
const MADE_OF_TYPESCRIPT = /\.(?:js|d\.ts)(?:\.map)?$/

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
    if (file.startsWith('.')) continue
    const from = MADE_OF_TYPESCRIPT.test(file) ? file.replace(MADE_OF_TYPESCRIPT, '.ts') : file
    const isPublished = !/\.(?:test|fixture)\.ts$/.test(from)
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
const code = await run(projectNode(), [
  join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
  '--build',
  'tsconfig.build.json',
])
for (const folder of ['packages', 'examples']) {
  for (const name of readdirSync(join(root, folder))) tidy(join(root, folder, name))
}
say(code === 0 ? `built in ${seconds(startedMs)}` : 'the build failed; the compiler says why above')
process.exitCode = code
