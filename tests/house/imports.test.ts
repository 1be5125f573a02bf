/** Who may import whom. The directions are the design (ARCHITECTURE.md); a wrong arrow is a wrong design. */
import { expect, test } from 'vitest'
import { complaints, read, repositoryFiles } from '../support/tree.ts'

interface Import {
  readonly from: string
  readonly kind: 'value' | 'type' | 'dynamic'
}

/** What one part of the library may import, besides itself: folders under src, and the builtins it may use. */
interface Layer {
  readonly folder: RegExp
  readonly may: readonly RegExp[]
  /** Absent: any builtin. */
  readonly builtins?: ReadonlySet<string>
}

const LIBRARY = 'packages/holdfast/src/'

const STORE: readonly RegExp[] = [/^store\//, /^time\//]

/** In order: the first that fits a file judges it. */
const layers: readonly Layer[] = [
  // Everything below the recipes runs without files, sockets and processes; randomness is the global `crypto`.
  { folder: /^time\//, may: STORE, builtins: new Set() },
  { folder: /^store\//, may: STORE, builtins: new Set() },
  { folder: /^line\//, may: [...STORE, /^line\//], builtins: new Set() },
  { folder: /^lease\//, may: [...STORE, /^lease\//], builtins: new Set() },
  { folder: /^wait\//, may: [...STORE, /^lease\//, /^wait\//], builtins: new Set() },
  {
    folder: /^client\//,
    may: [...STORE, /^lease\//, /^wait\//, /^client\//],
    builtins: new Set(['node:async_hooks', 'node:diagnostics_channel']),
  },
  {
    folder: /^recipes\//,
    may: [...STORE, /^lease\//, /^wait\//, /^client\//, /^recipes\//],
    // A name that is too long ends in a hash; code of a run finds its run.
    builtins: new Set(['node:async_hooks', 'node:crypto']),
  },
  // A guard knows tokens: leases and sequencers, and no store.
  { folder: /^guards\/[^/]+$/, may: [...STORE, /^lease\//, /^guards\/[^/]+$/] },
  { folder: /^guards\/sql\//, may: [...STORE, /^lease\//, /^guards\/[^/]+$/, /^guards\/sql\//] },
  {
    folder: /^guards\/(?:sqlite|postgres|mysql)\//,
    may: [...STORE, /^lease\//, /^guards\/[^/]+$/, /^guards\/sql\//, /^guards\/SELF\//],
  },
  { folder: /^guards\/[^/]+\//, may: [...STORE, /^lease\//, /^guards\/[^/]+$/, /^guards\/SELF\//] },
  { folder: /^stores\/redis-driver\//, may: [...STORE, /^stores\/redis-driver\//] },
  { folder: /^stores\/(?:redis|redlock)\//, may: [...STORE, /^line\//, /^stores\/redis-driver\//, /^stores\/SELF\//] },
  { folder: /^stores\/records\//, may: [...STORE, /^line\//, /^stores\/records\//] },
  { folder: /^stores\/sessions\//, may: [...STORE, /^stores\/sessions\//] },
  { folder: /^stores\/dynamodb-driver\//, may: [...STORE, /^stores\/dynamodb-driver\//] },
  {
    folder: /^stores\/dynamodb\//,
    may: [...STORE, /^line\//, /^stores\/(?:records|dynamodb-driver|dynamodb)\//],
  },
  { folder: /^stores\/kubernetes-driver\//, may: [...STORE, /^stores\/(?:http-driver|kubernetes-driver)\//] },
  {
    folder: /^stores\/kubernetes\//,
    may: [...STORE, /^line\//, /^stores\/(?:records|kubernetes-driver|kubernetes)\//],
  },
  { folder: /^stores\/http-driver\//, may: [...STORE, /^stores\/http-driver\//] },
  { folder: /^stores\/http\//, may: [...STORE, /^stores\/(?:records|http-driver|http)\//] },
  { folder: /^stores\/nats-driver\//, may: [...STORE, /^stores\/nats-driver\//] },
  {
    folder: /^stores\/nats\//,
    may: [...STORE, /^line\//, /^stores\/(?:records|nats-driver|nats)\//],
  },
  { folder: /^stores\/addresses\//, may: [...STORE, /^stores\/addresses\//] },
  { folder: /^stores\/etcd-driver\//, may: [...STORE, /^stores\/(?:addresses|etcd-driver)\//] },
  { folder: /^stores\/zookeeper-driver\//, may: [...STORE, /^stores\/zookeeper-driver\//] },
  { folder: /^stores\/etcd\//, may: [...STORE, /^line\//, /^stores\/(?:addresses|sessions|etcd-driver|etcd)\//] },
  {
    folder: /^stores\/zookeeper\//,
    may: [...STORE, /^line\//, /^stores\/(?:addresses|sessions|zookeeper-driver|zookeeper)\//],
  },
  { folder: /^stores\/sql\//, may: [...STORE, /^line\//, /^stores\/(?:records|sql)\//] },
  { folder: /^stores\/(?:mysql|postgres)-driver\//, may: [...STORE, /^stores\/sql\//, /^stores\/SELF\//] },
  {
    folder: /^stores\/mysql\//,
    may: [...STORE, /^line\//, /^stores\/(?:records|sql|mysql-driver|mysql)\//],
  },
  {
    folder: /^stores\/postgres\//,
    may: [...STORE, /^line\//, /^stores\/(?:records|sql|postgres-driver|postgres)\//],
  },
  { folder: /^stores\/[^/]+\//, may: [...STORE, /^line\//, /^stores\/records\//, /^stores\/SELF\//] },
  // A client is put to the test through the front door.
  { folder: /^testing\/lock\//, may: [/./] },
  { folder: /^testing\//, may: [...STORE, /^line\//, /^lease\//, /^testing\//] },
  {
    folder: /^compat\/redlock\//,
    may: [...STORE, /^lease\//, /^recipes\//, /^stores\/[^/]+\/index\.ts$/, /^compat\/redlock\//, /^[^/]+$/],
  },
  { folder: /^[^/]+$/, may: [...STORE, /^lease\//, /^client\//, /^recipes\//, /^[^/]+$/] },
]

/** Comments are left out, so an example in a docstring is no import. */
function importsOf(text: string): readonly Import[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const found: Import[] = []
  for (const [, keyword, clause = '', from = ''] of code.matchAll(
    /^(import|export)\s([^'"`;]*?)\bfrom\s*['"]([^'"]+)['"]/gm,
  )) {
    const isType =
      clause.startsWith('type ') || (keyword === 'import' && /^\{(?:\s*type\s[^,}]+,?)+\s*\}/.test(clause.trim()))
    found.push({ from, kind: isType ? 'type' : 'value' })
  }
  for (const [, from = ''] of code.matchAll(/^import\s*['"]([^'"]+)['"]/gm)) found.push({ from, kind: 'value' })
  for (const [, from = ''] of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) found.push({ from, kind: 'dynamic' })
  return found
}

function directions(text: string, path: string): readonly string[] {
  const file = path.slice(LIBRARY.length)
  const layer = layers.find(({ folder }) => folder.test(file))
  if (layer === undefined) return ['belongs to no layer: add its folder to the layers in tests/house/imports.test.ts']
  return importsOf(text).flatMap((each) => {
    const { from, kind } = each
    if (from.startsWith('node:')) {
      return layer.builtins?.has(from) === false ? [`must not import the builtin ${from}`] : []
    }
    // A driver is the user's: its types may be named, itself it is loaded only when a URL asks for it.
    if (!from.startsWith('.')) return kind === 'value' ? [`must not import the package ${from} at load time`] : []
    const target = new URL(from, `file:///${file}`).pathname.slice(1)
    const own = /^(?:stores|guards)\/[^/]+\//.exec(file)?.[0] ?? ''
    const allowed = layer.may.some((rule) =>
      rule.source.includes('SELF') ? target.startsWith(own) : rule.test(target),
    )
    // The front door may open any store, but only when it is asked to.
    const isOpening = kind === 'dynamic' && !file.includes('/') && target.startsWith('stores/')
    return allowed || isOpening ? [] : [`must not import ${target}`]
  })
}

/** Programs around the library use what every user can use. */
function publicNamesOnly(text: string, path: string): readonly string[] {
  const [workspace = ''] = /^(?:packages|examples)\/[^/]+\//.exec(path) ?? []
  return importsOf(text).flatMap(({ from }) => {
    const target = from.startsWith('.') ? new URL(from, `file:///${path}`).pathname.slice(1) : ''
    if (from.startsWith('.') && !target.startsWith(workspace)) return [`must not reach into ${target}`]
    return /^holdfast\/(?:dist|src)\b/.test(from) ? [`must not reach into ${from}`] : []
  })
}

const source = (folder: string): readonly string[] =>
  repositoryFiles(/\.ts$/, folder).filter((path) => !/\.(?:test|fixture)\.ts$/.test(path))

test('imports in the library go only in the directions of the design', () => {
  expect(complaints(source('packages/holdfast/src'), directions)).toEqual([])
})

test('the front door loads no recipe that has an entry of its own', () => {
  const reached = new Set<string>()
  const walk = (path: string): void => {
    if (reached.has(path)) return
    reached.add(path)
    for (const { from, kind } of importsOf(read(path))) {
      if (from.startsWith('.') && kind === 'value') walk(new URL(from, `file:///${path}`).pathname.slice(1))
    }
  }
  walk(`${LIBRARY}index.ts`)
  expect(reached.size).toBeGreaterThan(20)
  expect([...reached].filter((path) => /\/recipes\/[^/]+\//.test(path))).toEqual([])
})

test('programs around the library use only its public names, and nobody reaches into a neighbour', () => {
  const files = [
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
    'examples',
  ].flatMap((folder) => repositoryFiles(/\.ts$/, folder))
  expect(complaints(files, publicNamesOnly)).toEqual([])
})

test.each([
  ['line/line.ts', "import { x } from '../recipes/mutex.ts'", 'must not import recipes/mutex.ts'],
  ['line/line.ts', "import { readFile } from 'node:fs'", 'must not import the builtin node:fs'],
  ['recipes/mutex.ts', "export { x } from '../stores/redis/index.ts'", 'must not import stores/redis/index.ts'],
  [
    'guards/postgres.ts',
    "import type { S } from '../stores/postgres/store.ts'",
    'must not import stores/postgres/store.ts',
  ],
  [
    'stores/redis/store.ts',
    "import {\n  a,\n  b,\n} from '../redlock/store.ts'",
    'must not import stores/redlock/store.ts',
  ],
  ['stores/redis/store.ts', "import { Redis } from 'ioredis'", 'must not import the package ioredis at load time'],
  ['testing/cases.ts', "import { m } from '../stores/memory/index.ts'", 'must not import stores/memory/index.ts'],
  ['holdfast.ts', "import { m } from './stores/memory/index.ts'", 'must not import stores/memory/index.ts'],
  ['misc/a.ts', '', 'belongs to no layer'],
])('a wrong import in %s is found', (file, text, complaint) => {
  expect(directions(text, LIBRARY + file).join()).toContain(complaint)
})

test.each([
  [
    'stores/redis/store.ts',
    "import type { Redis } from 'ioredis'\nimport { driverOf } from '../redis-driver/client.ts'",
  ],
  ['open.ts', "const { redis } = await import('./stores/redis/index.ts')"],
  ['line/line.ts', "/** import { x } from '../recipes/mutex.ts' */\nimport type { Claim } from './claim.ts'"],
])('a right import in %s is let through', (file, text) => {
  expect(directions(text, LIBRARY + file)).toEqual([])
})

test('reaching past the public names of the library is found', () => {
  const text = "import { x } from '../../holdfast/src/core/line.ts'\nimport 'holdfast/dist/core/line.js'"
  expect(publicNamesOnly(text, 'packages/cli/src/run.ts')).toHaveLength(2)
})
