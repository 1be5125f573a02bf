/**
 * The entry points of the library: found in the tree of sources, written into its package.json. `--update` writes them;
 * a house test compares them. Why each condition is there, and why in this order, says docs/modules.md.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, say } from './workspace.mjs'

const MANIFEST = join(root, 'packages', 'holdfast', 'package.json')
const SOURCES = join(root, 'packages', 'holdfast', 'src')

/** What older compilers find: names whose types say what is missing. */
const TOO_OLD = './needs-typescript-5-2.d.cts'

/** @type {Readonly<Record<string, string>>} */
const FIXED = {
  '.': 'index.ts',
  './line': 'line/index.ts',
  './from-redlock': 'compat/redlock/index.ts',
  './testing': 'testing/index.ts',
}

/**
 * @typedef {{ readonly types: string, readonly default: string }} Target
 * @typedef {{ readonly [condition: string]: string | Target }} Conditions
 * @typedef {{ readonly [entry: string]: string | Conditions }} Exports
 */

/**
 * Entry → source, in the order of package.json.
 * @param {readonly string[]} sources relative to src, with forward slashes
 * @returns {ReadonlyMap<string, string>}
 */
export function entryPoints(sources = sourceFiles()) {
  const found = new Map(Object.entries(FIXED).filter(([, source]) => sources.includes(source)))
  for (const source of sources.toSorted()) {
    const [, engine] = /^stores\/([^/]+)\/index\.ts$/.exec(source) ?? []
    const [, resource] = /^guards\/([^/]+)\/index\.ts$/.exec(source) ?? []
    if (engine !== undefined) found.set(`./${engine}`, source)
    if (resource !== undefined) found.set(`./guards/${resource}`, source)
    const [, recipe] = /^recipes\/([^/]+)\/index\.ts$/.exec(source) ?? []
    if (recipe !== undefined) found.set(`./${recipe}`, source)
  }
  return found
}

function sourceFiles() {
  return readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'))
}

/**
 * The fields of package.json that lead to the entry points.
 * @param {ReadonlyMap<string, string>} entries
 */
export function packageMap(entries) {
  /** @type {Record<string, string | Conditions>} */
  const exports = {}
  /** @type {Record<string, readonly string[]>} */
  const old = {}
  for (const [entry, source] of entries) {
    const [esm, cjs] = [target('./dist/', source), target('./dist/cjs/', source)]
    exports[entry] = {
      'types@<5.2': TOO_OLD,
      bun: esm,
      'module-sync': esm,
      module: esm,
      import: esm,
      require: cjs,
    }
    if (entry !== '.') old[entry.slice(2)] = [cjs.types]
  }
  const main = target('./dist/cjs/', 'index.ts')
  return {
    main: main.default,
    types: main.types,
    exports: { ...exports, './package.json': './package.json' },
    // Read by `moduleResolution: node` alone, which knows no exports.
    typesVersions: { '<5.2': { '*': [TOO_OLD] }, '*': old },
  }
}

/**
 * @param {string} folder
 * @param {string} source
 * @returns {Target}
 */
function target(folder, source) {
  const built = folder + source.replace(/\.ts$/, '')
  return { types: `${built}.d.ts`, default: `${built}.js` }
}

function update() {
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8'))
  const entries = entryPoints()
  writeFileSync(MANIFEST, `${JSON.stringify({ ...manifest, ...packageMap(entries) }, null, 2)}\n`)
  say(`${entries.size} entry points written to packages/holdfast/package.json`)
}

if (process.argv.includes('--update') && existsSync(MANIFEST)) update()
