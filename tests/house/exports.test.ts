/** What package.json promises, what is in the tree and what the build made are one list. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { read, repositoryFiles, root } from '../support/tree.ts'

interface Manifest {
  readonly exports: { readonly [entry: string]: string }
  readonly files: readonly string[]
  readonly dependencies?: object
  readonly peerDependencies?: { readonly [name: string]: string }
  readonly peerDependenciesMeta?: { readonly [name: string]: { readonly optional?: boolean } }
}

const LIBRARY = 'packages/holdfast'
const GUARDED = /^guards\/([^/]+)\/index\.ts$/

const manifest = (folder: string): Manifest => JSON.parse(read(`${folder}/package.json`)) as Manifest

/** The entry points that a tree of sources must have, each with its file in dist. */
function promised(sources: readonly string[]): Readonly<Record<string, string>> {
  const entries: Record<string, string> = { './package.json': './package.json' }
  for (const source of sources) {
    const built = `./dist/${source.replace(/\.ts$/, '.js')}`
    const engine = /^stores\/([^/]+)\/index\.ts$/.exec(source)?.[1]
    const resource = GUARDED.exec(source)?.[1]
    if (source === 'index.ts') entries['.'] = built
    if (source === 'line/index.ts') entries['./line'] = built
    if (source === 'compat/redlock/index.ts') entries['./from-redlock'] = built
    if (source === 'testing/index.ts') entries['./testing'] = built
    if (engine !== undefined) entries[`./${engine}`] = built
    if (resource !== undefined) entries[`./guards/${resource}`] = built
  }
  return entries
}

/** A library without runtime dependencies: drivers are the user's, and none is ever required. */
function dependencyFaults({
  dependencies,
  peerDependencies = {},
  peerDependenciesMeta = {},
}: Partial<Manifest>): string[] {
  const required = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
  return [...Object.keys(dependencies ?? {}), ...required]
}

const librarySources = repositoryFiles(/\.ts$/, `${LIBRARY}/src`).map((path) => path.slice(`${LIBRARY}/src/`.length))

test('every store and every guard is an entry point, and nothing else is', () => {
  expect(manifest(LIBRARY).exports).toEqual(promised(librarySources))
})

test('every entry point was built, with its types', () => {
  const files = Object.values(manifest(LIBRARY).exports).flatMap((target) => [target, target.replace(/\.js$/, '.d.ts')])
  expect(files.filter((file) => !existsSync(join(root, LIBRARY, file)))).toEqual([])
})

test('a store that is not exported is found', () => {
  expect(
    promised([
      'index.ts',
      'stores/redis/index.ts',
      'stores/redis-driver/client.ts',
      'guards/redis/index.ts',
      'guards/redis/fence.ts',
    ]),
  ).toEqual({
    './package.json': './package.json',
    '.': './dist/index.js',
    './redis': './dist/stores/redis/index.js',
    './guards/redis': './dist/guards/redis/index.js',
  })
})

test.each([
  'packages/holdfast',
  'packages/cli',
  'packages/testbed',
  'packages/lab',
  'packages/bench',
  'examples/seat-14a',
])('the build of %s has a source for every file, and no tests', (name) => {
  const folder = join(root, name)
  const built = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  )
  const stray = built.filter(
    (file) => !existsSync(join(folder, 'src', file.replace(/\.js$/, '.ts'))) || /\.(?:test|fixture)\./.test(file),
  )
  expect(stray).toEqual([])
})

test('the library has no runtime dependency', () => {
  expect(dependencyFaults(manifest(LIBRARY))).toEqual([])
})

test('a dependency and a peer that is not optional are found', () => {
  expect(
    dependencyFaults({
      dependencies: { left: '1' },
      peerDependencies: { pg: '8', redis: '6' },
      peerDependenciesMeta: { pg: { optional: true } },
    }),
  ).toEqual(['left', 'redis'])
})

test('published packages carry the license of the repository', () => {
  for (const name of ['holdfast', 'cli']) expect(read(`packages/${name}/LICENSE`)).toBe(read('LICENSE'))
})
