/** What package.json promises, what is in the tree and what the build made are one list. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entryPoints, type Exports, packageMap } from '../../scripts/entry-points.mjs'
import { complaints, read, root } from '../support/tree.ts'

interface Manifest {
  readonly main: string
  readonly types: string
  readonly exports: Exports
  readonly typesVersions: object
  readonly files: readonly string[]
  readonly dependencies?: object
  readonly peerDependencies?: { readonly [name: string]: string }
  readonly peerDependenciesMeta?: { readonly [name: string]: { readonly optional?: boolean } }
}

const LIBRARY = 'packages/holdfast'

const manifest = (folder: string): Manifest => JSON.parse(read(`${folder}/package.json`)) as Manifest

function filesOf(entry: Exports[string]): readonly string[] {
  if (typeof entry === 'string') return [entry]
  return Object.values(entry).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)))
}

/** A bundle has no files beside it, CommonJS no `import.meta`, and what waits at its top cannot be required. */
function whatOtherLoadersCannotDo(code: string): readonly string[] {
  return [/\bimport\.meta\b/, /\b__(?:dirname|filename)\b/, /^(?:const [^=]+= )?await /m].flatMap((banned) => {
    const found = banned.exec(code)?.[0]
    return found === undefined ? [] : [`has ${found.trim()}`]
  })
}

function repositoryFilesBuilt(): readonly string[] {
  return readdirSync(join(root, LIBRARY, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => `${LIBRARY}/dist/${file}`)
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

test('every store and every guard is an entry point, and nothing else is (npm run entry-points writes them)', () => {
  const { main, types, exports, typesVersions } = manifest(LIBRARY)
  expect({ main, types, exports, typesVersions }).toEqual(packageMap(entryPoints()))
})

test('what Node and bundlers ask for first stands first: one copy of the library, also beside a require', () => {
  for (const conditions of Object.values(manifest(LIBRARY).exports).filter((entry) => typeof entry !== 'string'))
    expect(Object.keys(conditions)).toEqual(['types@<5.2', 'bun', 'module-sync', 'module', 'import', 'require'])
})

test('every entry point was built twice, with its types', () => {
  const files = Object.values(manifest(LIBRARY).exports).flatMap((entry) => filesOf(entry))
  expect(files.length).toBeGreaterThan(10)
  expect(files.filter((file) => !existsSync(join(root, LIBRARY, file)))).toEqual([])
})

test('a store that is not exported is found', () => {
  const sources = ['index.ts', 'stores/redis/index.ts', 'stores/redis-driver/client.ts', 'guards/redis/index.ts']
  expect([...entryPoints([...sources, 'guards/redis/fence.ts']).keys()]).toEqual(['.', './guards/redis', './redis'])
})

test('the library can be required: nothing waits while it is loaded, and nothing asks where its file is', () => {
  const built = repositoryFilesBuilt()
  expect(built.length).toBeGreaterThan(100)
  expect(complaints(built, whatOtherLoadersCannotDo)).toEqual([])
})

test('a file beside the code, its place and a wait at load time are found', () => {
  expect(whatOtherLoadersCannotDo("const x = await import('x')\nexport {}")).toHaveLength(1)
  expect(whatOtherLoadersCannotDo('const u = new URL(part, import.meta.url)')).toHaveLength(1)
  expect(whatOtherLoadersCannotDo('const p = join(__dirname, part)')).toHaveLength(1)
  expect(whatOtherLoadersCannotDo('async () => {\n  const x = await y\n}')).toEqual([])
})

test.each([
  'packages/holdfast',
  'packages/cli',
  'packages/server',
  'packages/telemetry',
  'packages/otel',
  'packages/prometheus',
  'packages/fastify',
  'packages/nestjs',
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
    (file) =>
      !existsSync(join(folder, 'src', file.replace(/^cjs[/\\]/, '').replace(/\.js$/, '.ts'))) ||
      /\.(?:test|fixture)\./.test(file),
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
  for (const name of ['holdfast', 'cli', 'fastify', 'nestjs', 'telemetry', 'otel', 'prometheus'])
    expect(read(`packages/${name}/LICENSE`)).toBe(read('LICENSE'))
})
