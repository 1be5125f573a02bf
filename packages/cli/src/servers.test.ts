/**
 * Every command on real servers: what the other suites show on a lock file holds over a network, too.
 * @module-tag real-time
 */
import {
  type Driver,
  dynamodb,
  type Engine,
  etcd,
  kubernetes,
  mariadb,
  nats,
  redis,
  requireEngine,
  startEtcdCluster,
  zookeeper,
} from '@holdfast/testbed/engines'
import * as postgres from '@holdfast/testbed/engines/postgres/driver'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { damageLine, freshTable, urlOfTable } from './dynamodb.fixture.ts'
import type { DoctorDocument } from './doctor-report.ts'
import { damageLease, urlOfProxy } from './kubernetes.fixture.ts'
import { damageEntry } from './nats.fixture.ts'
import { damageMysqlRow, damagePostgresRow } from './rows.fixture.ts'
import { documentsIn, type Ended, type LineSeen, type Running, Sandbox, until } from './fixture.ts'
import { damageNode, freshRoot, urlOfRoot } from './zookeeper.fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

interface ServerStore {
  readonly store: string
  readonly driver: Pick<Driver, 'locate'>
  start(): Promise<readonly Engine[]>
  urlOf(urls: readonly string[]): string
  /** Puts something that is no lock into the place of the lock `bad`. */
  damage(engine: Engine): Promise<void>
  /** What `ls` says about it. */
  readonly damaged: RegExp
  /** It pushes no changes, so `watch` has to look by itself. @default false */
  readonly polls?: boolean
}

const onRedis = {
  driver: redis,
  async damage({ url }: Engine): Promise<void> {
    const client = new Redis(url)
    await client.mset('holdfast:{default!bad}', 'x', 'holdfast:redlock:{default!bad}', 'x')
    client.disconnect()
  },
  damaged: /\{default!bad\}.*WRONGTYPE/,
}

const stores: readonly ServerStore[] = [
  {
    store: 'redis://',
    ...onRedis,
    start: async () => [await redis.start({ aof: 'always' })],
    urlOf: ([url = '']) => url,
  },
  {
    store: 'redlock:// of five',
    ...onRedis,
    start: () => Promise.all(Array.from({ length: 5 }, () => redis.start({ aof: 'always' }))),
    urlOf: (urls) => `redlock://${urls.map((url) => new URL(url).host).join(',')}`,
  },
  {
    store: 'postgres://',
    driver: postgres,
    start: async () => [await postgres.start()],
    urlOf: ([url = '']) => url,
    damage: damagePostgresRow,
    damaged: /record of default!bad is damaged/,
  },
  {
    store: 'mysql://',
    driver: mariadb,
    start: async () => [await mariadb.start()],
    urlOf: ([url = '']) => url.replace('mariadb:', 'mysql:'),
    damage: damageMysqlRow,
    damaged: /record of default!bad is damaged/,
    polls: true,
  },
  {
    store: 'etcd:// of three',
    driver: etcd,
    start: async () => (await startEtcdCluster()).members.map(({ engine }) => engine),
    urlOf: (urls) => `etcd://${urls.map((url) => new URL(url).host).join(',')}`,
    async damage({ url }) {
      const [key, value] = ['holdfast/l/default!bad/theirs', 'x'].map((text) => Buffer.from(text).toString('base64'))
      await fetch(`${url}/v3/kv/put`, { method: 'POST', body: JSON.stringify({ key, value }) })
    },
    damaged: /default!bad\/theirs.*is no claim of Holdfast/,
  },
  {
    store: 'zookeeper:// of three',
    driver: zookeeper,
    start: freshRoot,
    urlOf: urlOfRoot,
    damage: damageNode,
    damaged: /"bad".*"theirs" is no claim of Holdfast/,
  },
  {
    store: 'dynamodb://',
    driver: dynamodb,
    start: async () => [await freshTable()],
    urlOf: urlOfTable,
    damage: damageLine,
    damaged: /record of default!bad is damaged/,
    polls: true,
  },
  {
    store: 'kubernetes: (a stand-in)',
    driver: kubernetes,
    start: async () => [await kubernetes.start()],
    urlOf: urlOfProxy,
    damage: damageLease,
    damaged: /record of default!bad is damaged/,
  },
  {
    store: 'nats://',
    driver: nats,
    start: async () => [await nats.start()],
    urlOf: ([url = '']) => url,
    damage: damageEntry,
    damaged: /record of default!bad is damaged/,
  },
]

let namespaces = 0

describe.each(stores)('on $store', ({ driver, start: startAll, urlOf, damage, damaged, polls = false }) => {
  let sandbox: Sandbox
  let engines: readonly Engine[] = []
  let environment: Readonly<Record<string, string>> = {}

  // Servers are started once for all tests of a store, each of which has a namespace of its own.
  beforeEach(async (context) => {
    sandbox = new Sandbox()
    await requireEngine(context, driver)
    if (engines.length === 0) engines = await startAll()
    namespaces += 1
    const store = urlOf(engines.map(({ url }) => url))
    environment = { HOLDFAST_STORE: store, HOLDFAST_NAMESPACE: `servers-${namespaces}` }
  })
  afterEach(() => sandbox.close())
  afterAll(() => Promise.all(engines.map((engine) => engine.close())))

  const start = (...args: readonly string[]): Running => sandbox.start(args, environment)
  const call = (...args: readonly string[]): Promise<Ended> => start(...args).ended

  async function seen(name: string): Promise<LineSeen> {
    return JSON.parse((await call('inspect', name, '--json')).stdout) as LineSeen
  }

  async function hold(name: string, ...options: readonly string[]): Promise<Running> {
    const holder = start('run', '--note', 'night shift', ...options, name, '--', 'sh', '-c', 'echo up; sleep 60')
    await holder.says(/up/)
    return holder
  }

  it('run hands out rising tokens, passes the exit code on, and waits for its turn', async () => {
    const script = 'echo $HOLDFAST_TOKEN; exit 3'
    const [first, second] = [
      await call('run', 'job', '--', 'sh', '-c', script),
      await call('run', 'job', '--', 'sh', '-c', script),
    ]
    expect([first, second].map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 3, stderr: '' },
      { code: 3, stderr: '' },
    ])
    expect(BigInt(second.stdout)).toBeGreaterThan(BigInt(first.stdout))
    const holder = await hold('job')
    expect(await call('run', '--no-wait', 'job', '--', 'echo', 'mine')).toMatchObject({ code: 75, stdout: '' })
    const late = await call('--json', 'run', '--wait', '600ms', 'job', '--', 'echo', 'mine')
    expect({ code: late.code, stdout: late.stdout }).toEqual({ code: 75, stdout: '' })
    expect(documentsIn(late.stderr).at(-1)).toMatchObject({ event: 'error', exitCode: 75 })
    const next = start('run', '--wait', '40s', '--lock-delay', '2s', 'job', '--', 'echo', 'mine')
    holder.kill('SIGTERM')
    expect((await holder.ended).code).toBe(143)
    expect(await next.ended).toMatchObject({ code: 0, stdout: 'mine\n' })
  })

  it('ls, inspect and watch show who holds, for people and as documents', async () => {
    await hold('seat')
    const listed = await call('ls', 'se', '--json')
    expect({ code: listed.code, stderr: listed.stderr }).toEqual({ code: 0, stderr: '' })
    expect(documentsIn(listed.stdout)).toMatchObject([
      { namespace: environment['HOLDFAST_NAMESPACE'], name: 'seat', claims: [{ state: 'held', note: 'night shift' }] },
    ])
    const { lastToken, claims } = await seen('seat')
    expect(claims).toMatchObject([{ state: 'held', token: lastToken }])
    expect((await call('ls')).stdout).toMatch(/^NAME .*\nseat +held +/)
    expect((await call('inspect', 'seat')).stdout).toMatch(/^seat in namespace servers-\d+; last token: \d+\n/)
    expect((await call('inspect', 'free')).stdout).toMatch(/free: nobody holds it/)
    expect(await call('watch', '--once')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\nseat +held +lock +\d+ .*night shift\n$/) as string,
    })
  })

  it('watch --json tells at once who gets and loses the lock, and evict takes it from the holder with this token alone', async () => {
    // Where nothing is pushed, the holder hears of it with its next renewal, and by then the delay must not be over.
    const holder = await hold('seat', '--lock-delay', '10s')
    const watch = start('watch', 'se', '--json', '--interval', polls ? '100ms' : '1h')
    await watch.says(/"held"/)
    const [claim] = (await seen('seat')).claims
    const token = claim?.token ?? ''
    const evict = ['evict', 'seat', '--reason', 'a test', '--yes', '--token']
    expect((await call(...evict, String(BigInt(token) - 1n))).code).toBe(1)
    expect((await seen('seat')).claims).toMatchObject([{ state: 'held', token }])
    const evicted = await call(...evict, token, '--json')
    expect(evicted.code).toBe(0)
    expect(documentsIn(evicted.stdout)).toHaveLength(1)
    const { code, stderr } = await holder.ended
    expect({ code, stderr }).toEqual({ code: 76, stderr: expect.stringContaining('a test') as string })
    await until('the end is told', () => /"ended"|"lingering"/.test(watch.stdout))
    watch.kill('SIGINT')
    const ended = await watch.ended
    expect(ended.code).toBe(130)
    expect(ended.stderr).toMatch(polls ? /^\{"event":"polled",.*\}\n$/ : /^$/)
    expect(documentsIn(ended.stdout)[0]).toMatchObject({ event: 'held', initial: true, name: 'seat', token })
  })

  it('doctor tries the store, finds no problem, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await call('doctor', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { namespace, facts, figures, findings } = JSON.parse(stdout) as DoctorDocument
    expect(facts?.engine).toMatch(/Redis|Redlock|Valkey|PostgreSQL|MariaDB|etcd|ZooKeeper|DynamoDB|Kubernetes|NATS/i)
    expect(Object.keys(figures)).toEqual(
      expect.arrayContaining(['open', 'uncontended', 'handOff', 'renewal', 'expiry', 'tokens']),
    )
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([])
    expect((await call('--namespace', namespace, 'ls')).stdout).toBe('')
    expect(await call('doctor', '--facts-only')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^PROMISE +THIS STORE\nengine +/) as string,
    })
  })

  it('ls and watch name what another program has put in the place of a lock, and show the rest', async () => {
    // What was damaged is in that namespace.
    environment = { ...environment, HOLDFAST_NAMESPACE: 'default' }
    await hold('good')
    await Promise.all(engines.map(damage))
    const listed = await call('ls')
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/\ngood +held/) as string })
    expect(listed.stderr).toMatch(/^holdfast: "bad" cannot be shown: .*\n$/)
    expect(listed.stderr).toMatch(damaged)
    const documents = await call('ls', '--json')
    expect(documentsIn(documents.stdout)).toMatchObject([{ name: 'good' }])
    expect(documentsIn(documents.stderr)).toMatchObject([{ event: 'unreadable', name: 'bad' }])
    const picture = await call('watch', '--once')
    expect(picture).toMatchObject({ code: 0, stderr: '' })
    expect(picture.stdout).toMatch(/\n"bad" cannot be shown: .*\nNAME.*\ngood +held/)
    const watch = start('watch', '--json', '--interval', '100ms')
    await watch.says(/"held"/)
    await until('it is said', () => /"unreadable"/.test(watch.stderr))
    watch.kill('SIGTERM')
    expect((await watch.ended).stderr.match(/"unreadable"/g)).toHaveLength(1)
    expect(await call('inspect', 'bad')).toMatchObject({ code: 69, stdout: '' })
  })

  it('run waits for a store that is away, says so once, and for no longer than --wait or a signal', async () => {
    await Promise.all(engines.map((engine) => engine.kill()))
    const patient = start('run', '--wait', '40s', 'job', '--', 'echo', 'mine')
    const interrupted = start('run', '--wait', '40s', 'job', '--', 'echo', 'mine')
    const short = await call('run', '--wait', '1s', 'job', '--', 'echo', 'mine')
    expect({ code: short.code, stdout: short.stdout }).toEqual({ code: 69, stdout: '' })
    expect(short.stderr).toMatch(
      /^holdfast: waiting for the store: .*ECONNREFUSED.*\nholdfast: .*asked again for 1000 ms/,
    )
    await interrupted.says(/waiting for the store/)
    interrupted.kill('SIGTERM')
    const { code, stderr } = await interrupted.ended
    expect({ code, stderr }).toEqual({
      code: 143,
      stderr: expect.stringMatching(/stopped waiting for "job": SIGTERM\n$/) as string,
    })
    await patient.says(/waiting for the store/)
    await Promise.all(engines.map((engine) => engine.restart()))
    const ended = await patient.ended
    expect(ended).toMatchObject({ code: 0, stdout: 'mine\n' })
    expect(ended.stderr.match(/waiting for the store/g)).toHaveLength(1)
  })

  it('says in one line that nothing answers once the servers are gone', async () => {
    await Promise.all(engines.map((engine) => engine.kill()))
    const runs = [
      ['run', '--no-wait', 'job', '--', 'true'],
      ['run', '--wait', '0s', 'job', '--', 'true'],
    ]
    const calls = [['ls'], ...runs, ['watch', '--once'], ['doctor']].map((args) => call(...args))
    for (const { code, stdout, stderr } of await Promise.all(calls)) {
      expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
      expect(stderr).toMatch(/^holdfast: [^\n]*cannot be reached[^\n]*connect ECONNREFUSED[^\n]*\n$/)
    }
  })
})
