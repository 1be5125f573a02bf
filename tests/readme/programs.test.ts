/**
 * Every program of the documentation as a reader meets it: pasted into an empty project that has the library from the
 * registry, on each Node that it promises to run on. It ends by itself, without an error, and prints what it says.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as mariadbServer from '@holdfast/testbed/engines/mariadb/server'
import * as dynamodbServer from '@holdfast/testbed/engines/dynamodb/server'
import * as etcdServer from '@holdfast/testbed/engines/etcd/server'
import * as natsServer from '@holdfast/testbed/engines/nats/server'
import * as postgresServer from '@holdfast/testbed/engines/postgres/server'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import * as zookeeperServer from '@holdfast/testbed/engines/zookeeper/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { findNode, NODE_VERSIONS } from '../support/node-versions.ts'
import { addAdapter, addLink, type Consumer, consumerOfPackedLibrary } from '../support/packed.ts'
import { repositoryFiles } from '../support/tree.ts'
import { type Example, examplesOf } from './examples.ts'

const SLOW_MS = 180_000
/** What never ends is told by this. Ten seconds are promised on a machine that has nothing else to do. */
const ENDS_WITHIN_MS = 30_000

/** The only text that is replaced, each by a server of ours. */
const ADDRESSES = ['redis://localhost:6379', 'redis://localhost:6380', 'redis://localhost:6381'] as const

const DYNAMODB_ADDRESS = 'localhost:8000'
const ETCD_ADDRESS = 'etcd://localhost:2379'
const NATS_ADDRESS = 'nats://localhost:4222'
const ZOOKEEPER_ADDRESS = 'zookeeper://localhost:2181'
const POSTGRES_ADDRESS = 'postgres://postgres@localhost:5432/postgres'
const MYSQL_ADDRESS = 'mysql://root@localhost:3306/locks'

/** As npm 11 writes it for `npm init -y`. */
const MANIFEST = {
  name: 'pasted',
  version: '1.0.0',
  description: '',
  main: 'index.js',
  scripts: { test: 'echo "Error: no test specified" && exit 1' },
  keywords: [],
  author: '',
  license: 'ISC',
  type: 'commonjs',
} as const

const programs = repositoryFiles(/^README\.md$|^docs\/.*\.md$|^packages\/[^/]+\/README\.md$/)
  .flatMap((page) => examplesOf(page))
  .filter(({ kind }) => kind === 'program')

let consumer: Consumer
let servers: readonly Engine[] = []
let database: Engine | undefined
let mariadb: Engine | undefined
let quorum: Engine | undefined
let tables: Engine | undefined
let bucket: Engine | undefined
let ensemble: Engine | undefined
beforeAll(async () => {
  consumer = await consumerOfPackedLibrary()
  const scoped = ['@aws-sdk/client-dynamodb', '@bufbuild/protobuf', '@nats-io/transport-node']
  for (const driver of [...scoped, 'croner', 'ioredis', 'mysql2', 'pg']) {
    addLink(consumer.folder, driver)
  }
  for (const framework of ['bullmq', 'express', 'hono']) addLink(consumer.folder, framework)
  addAdapter(consumer, 'fastify', ['fastify', 'fastify-plugin'])
}, SLOW_MS)
afterAll(async () => {
  consumer?.remove()
  await Promise.all(
    [...servers, database ?? [], mariadb ?? [], quorum ?? [], tables ?? [], bucket ?? [], ensemble ?? []]
      .flat()
      .map((server) => server.stop()),
  )
})

interface Ended {
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

/** In a folder of its own, as a home, too: the default lock file is in it. */
async function paste(
  program: string,
  { file, code }: Pick<Example, 'file' | 'code'>,
  limitMs: number = ENDS_WITHIN_MS,
): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pasted-'))
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify(MANIFEST))
    symlinkSync(join(consumer.folder, 'node_modules'), join(folder, 'node_modules'))
    const text = ADDRESSES.reduce(
      (so, address, index) => so.replaceAll(address, servers[index]?.url ?? address),
      code
        .replaceAll(POSTGRES_ADDRESS, database?.url ?? POSTGRES_ADDRESS)
        .replaceAll(MYSQL_ADDRESS, mariadb?.url ?? MYSQL_ADDRESS)
        .replaceAll(DYNAMODB_ADDRESS, tables?.url.replace('http://', '') ?? DYNAMODB_ADDRESS)
        .replaceAll(ZOOKEEPER_ADDRESS, ensemble?.url ?? ZOOKEEPER_ADDRESS)
        .replaceAll(NATS_ADDRESS, bucket?.url ?? NATS_ADDRESS)
        .replaceAll(ETCD_ADDRESS, quorum?.url.replace('http', 'etcd') ?? ETCD_ADDRESS),
    )
    writeFileSync(join(folder, file), text)
    const home = join(folder, 'home')
    mkdirSync(home)
    const env = { PATH: process.env['PATH'], HOME: home, NO_COLOR: '1' }
    return await new Promise((ended) => {
      execFile(program, [file], { cwd: folder, env, timeout: limitMs }, (error, stdout, stderr) =>
        ended({ code: error === null ? 0 : (error.code ?? `killed after ${limitMs} ms`), stdout, stderr }),
      )
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Node says of its own SQLite that it is young. */
function complaintsIn(stderr: string): string {
  return stderr.replaceAll(/^\(node:\d+\) ExperimentalWarning: SQLite .*\n\(Use `\S+ --trace-warnings .*\n/gm, '')
}

describe.each(NODE_VERSIONS)('pasted and run with Node %s', { timeout: SLOW_MS }, (version) => {
  let node = ''
  beforeEach(async ({ skip }) => {
    const found = await findNode(version)
    if ('reason' in found) {
      if (process.env['CI'] !== undefined) throw new Error(found.reason)
      skip(found.reason)
      return
    }
    node = found.program
  })

  test.for(programs.map((program) => [program.title, program] as const))('%s', async ([, program], context) => {
    if (ADDRESSES.some((address) => program.code.includes(address))) {
      await requireEngine(context, redisServer)
      if (servers.length === 0) servers = await Promise.all(ADDRESSES.map(() => redisServer.start({ aof: 'always' })))
    }
    if (program.code.includes(DYNAMODB_ADDRESS)) {
      await requireEngine(context, dynamodbServer)
      tables ??= await dynamodbServer.start()
    }
    if (program.code.includes(NATS_ADDRESS)) {
      await requireEngine(context, natsServer)
      bucket ??= await natsServer.start()
    }
    if (program.code.includes(ZOOKEEPER_ADDRESS)) {
      await requireEngine(context, zookeeperServer)
      ensemble ??= await zookeeperServer.start()
    }
    if (program.code.includes(ETCD_ADDRESS)) {
      await requireEngine(context, etcdServer)
      quorum ??= await etcdServer.start()
    }
    if (program.code.includes(POSTGRES_ADDRESS)) {
      await requireEngine(context, postgresServer)
      database ??= await postgresServer.start()
    }
    if (program.code.includes(MYSQL_ADDRESS)) {
      await requireEngine(context, mariadbServer)
      mariadb ??= await mariadbServer.start()
    }
    const { code, stdout, stderr } = await paste(node, program)
    expect(code, stdout + stderr).toBe(0)
    expect(complaintsIn(stderr)).toBe('')
    if (program.prints.length > 0) expect(stdout.trimEnd().split('\n')).toEqual(program.prints)
  })
})

test(
  'a program that fails, one that complains and one that never ends would be found',
  { timeout: SLOW_MS },
  async () => {
    const ended = (code: string, limitMs?: number): Promise<Ended> =>
      paste(process.execPath, { file: 'x.mjs', code }, limitMs)
    expect((await ended('import { nothing } from "holdfast"\nnothing()')).code).toBe(1)
    expect(complaintsIn((await ended('process.emitWarning("careful")')).stderr)).toContain('careful')
    expect((await ended('setInterval(() => {}, 1000)', 2_000)).code).toContain('killed')
  },
)
