/**
 * Makes a module `lua.gen.ts` of the `.lua` files of each folder, so that the library reads no file beside its code: a
 * bundler moves the code and leaves the file behind. The `.lua` files stay the source. The build, the tests and
 * `from-source.mjs` all begin with this, so what runs is what was just edited.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export const LUA_MODULE = 'lua.gen.ts'
const HEADER = `// Made from the .lua files of this folder by scripts/lua-modules.mjs; change those.\n`

/** @param {string} folder of sources; the folders below it are looked at, too */
export function makeLuaModules(folder) {
  const entries = readdirSync(folder, { withFileTypes: true })
  for (const entry of entries) if (entry.isDirectory()) makeLuaModules(join(folder, entry.name))
  const names = entries.filter(({ name }) => name.endsWith('.lua')).map(({ name }) => basename(name, '.lua'))
  const path = join(folder, LUA_MODULE)
  if (names.length > 0) return update(path, moduleOf(folder, names.toSorted()))
  rmSync(path, { force: true })
}

/**
 * The type stands there in words: the declarations are not to repeat the texts.
 * @param {string} folder
 * @param {readonly string[]} names
 */
function moduleOf(folder, names) {
  const type = `Readonly<Record<${names.map(quoted).join(' | ')}, string>>`
  const lines = names.map(
    (name) => `  ${quoted(name)}: ${quoted(readFileSync(join(folder, `${name}.lua`), 'utf8'))},\n`,
  )
  return `${HEADER}export const lua: ${type} = {\n${lines.join('')}}\n`
}

/** @param {string} text */
function quoted(text) {
  return JSON.stringify(text)
}

/**
 * Several processes may begin at once, and none of them may read half a module.
 * @param {string} path
 * @param {string} text
 */
function update(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, text)
  renameSync(draft, path)
}
