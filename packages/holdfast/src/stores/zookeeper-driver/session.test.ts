/**
 * The client against three real servers: what it reads is what was written, and what a session has outlives its connection.
 * @module-tag real-time
 */
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { startEnsemble, type ZookeeperEnsemble } from '@holdfast/testbed/engines/zookeeper/cluster'
import * as zookeeper from '@holdfast/testbed/engines/zookeeper/driver'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { sleep, systemClock } from '../../time/clock.ts'
import { environment } from '../opened.fixture.ts'
import { CODE, RequestUnsent, ServerRefusal, SessionOver } from './failures.ts'
import { isWhole } from './requests.ts'
import { ZookeeperSession } from './session.ts'
import type { SessionOptions } from './session-options.ts'
import { NodeTree } from './tree.ts'

/** So long a follower answers without its leader: syncLimit, and half a tick, after which the leader has asked it again. */
const LAG_MS = 4 * 500 + 250

let ensemble: ZookeeperEnsemble | undefined
const sessions: ZookeeperSession[] = []
let rootCount = 0

beforeAll(async () => {
  ensemble = await zookeeper.locate().then(
    () => startEnsemble(),
    () => undefined,
  )
}, 60_000)
beforeEach(async (context) => {
  await requireEngine(context, zookeeper)
})
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()))
})
afterAll(async () => {
  await ensemble?.close()
})

const running = (): ZookeeperEnsemble => {
  if (ensemble === undefined) throw new Error('the ensemble did not start')
  return ensemble
}

async function opened(options: Partial<SessionOptions> = {}): Promise<ZookeeperSession> {
  const servers = running().members.map(({ engine: { host, port } }) => ({ host, port }))
  const all = { servers, timeoutMs: 6_000, silenceMs: 3_000, ...options }
  const open = (): Promise<unknown> => ZookeeperSession.open(all, environment()).catch((error: unknown) => error)
  let session = await open()
  // The test before may have left the servers without a leader.
  const endsAtMs = systemClock.monotonicMs() + 20_000
  while (session instanceof RequestUnsent && systemClock.monotonicMs() < endsAtMs) session = await open()
  if (!(session instanceof ZookeeperSession)) throw session
  sessions.push(session)
  return session
}

/** Below a new node, so that no test sees the nodes of another. */
async function planted(session: ZookeeperSession): Promise<{ readonly tree: NodeTree; readonly root: string }> {
  rootCount += 1
  const { path } = await new NodeTree(session, '').create(`/root-${process.pid}-${rootCount}`, 'container')
  return { tree: new NodeTree(session, path), root: path }
}

test('nodes are made in sequence below the root, and end with their session', async () => {
  const [own, other] = [await opened(), await opened()]
  const { tree, root } = await planted(own)
  const first = await tree.create('/claim-', 'ephemeralSequential', Buffer.from('one'))
  const second = await tree.create('/claim-', 'ephemeralSequential')
  expect([first.path, second.path]).toEqual(['/claim-0000000000', '/claim-0000000001'])
  expect(second.stat.createdAt).toBeGreaterThan(first.stat.createdAt)
  expect(first.stat.sessionId).toBe(own.grant.sessionId)
  const seen = new NodeTree(other, root)
  const [, { names }] = await Promise.all([seen.sync('/'), seen.getChildren('/')])
  expect([...names].toSorted()).toEqual(['claim-0000000000', 'claim-0000000001'])
  expect(String((await seen.getData(first.path)).data)).toBe('one')
  await own.close()
  await seen.sync('/')
  expect((await seen.getChildren('/')).names).toEqual([])
})

test('a multi is done whole or not at all, and says which part was refused', async () => {
  const { tree } = await planted(await opened())
  const made = { kind: 'create', path: '/made', data: Buffer.from('x'), mode: 'ephemeral' } as const
  const refused = await tree.multi([
    { kind: 'check', path: '/', version: 0 },
    { kind: 'delete', path: '/nobody' },
    made,
  ])
  expect(isWhole(refused)).toBe(false)
  expect(refused.map(({ code }) => code)).toContain(CODE.noNode)
  expect(await tree.exists('/made')).toBeUndefined()
  const done = await tree.multi([made, { kind: 'setData', path: '/', data: Buffer.from('y') }])
  expect(isWhole(done)).toBe(true)
  expect(done.map(({ path, stat }) => path ?? stat?.childCount)).toEqual(['/made', 1])
})

test('a refusal is told by its code, and leaves the session as it was', async () => {
  const { tree } = await planted(await opened())
  const code = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'done',
      (error: unknown) => (error instanceof ServerRefusal ? error.code : error),
    )
  expect(await code(tree.getData('/nobody'))).toBe(CODE.noNode)
  await tree.create('/node', 'ephemeral')
  expect(await code(tree.create('/node', 'ephemeral'))).toBe(CODE.nodeExists)
  expect(await code(tree.setData('/node', Buffer.from('x'), 7))).toBe(CODE.badVersion)
  expect(await code(tree.delete('/node'))).toBe('done')
})

test('watches outlive the connection, and tell what happened while there was none', async () => {
  const [own, other] = [await opened(), await opened()]
  const { tree, root } = await planted(own)
  const theirs = new NodeTree(other, root)
  await tree.create('/there', 'persistent')
  const events: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const note = (name: string) => (change: string) => {
    events.push(`${name} ${change}`)
    if (events.length === 3) resolve()
  }
  await tree.exists('/there', note('there'))
  await tree.exists('/absent', note('absent'))
  await tree.getChildren('/', note('root'))
  own.leaveServer()
  await Promise.all([theirs.delete('/there'), theirs.create('/absent', 'ephemeral')])
  await promise
  expect(events.toSorted()).toEqual(['absent created', 'root children', 'there deleted'])
  expect(own.connectCount).toBe(2)
})

test('a session goes on elsewhere by its id and password, and one that nobody knows is over', async () => {
  const own = await opened()
  const { tree, root } = await planted(own)
  await tree.create('/kept', 'ephemeral')
  const moved = await opened({ resumed: own.grant })
  expect(moved.grant.sessionId).toBe(own.grant.sessionId)
  expect(await new NodeTree(moved, root).exists('/kept')).toBeDefined()
  const unknown = { sessionId: 12_345n, password: Buffer.alloc(16), timeoutMs: 6_000 }
  const error: unknown = await opened({ resumed: unknown }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SessionOver)
})

test('what a user made is for this user alone', async () => {
  const [own, other] = [await opened({ user: 'locks:secret' }), await opened()]
  const { tree, root } = await planted(own)
  await tree.create('/mine', 'ephemeral', Buffer.from('x'))
  expect(String((await tree.getData('/mine')).data)).toBe('x')
  const theirs = new NodeTree(other, root)
  await theirs.sync('/')
  await expect(theirs.getData('/mine')).rejects.toMatchObject({ code: CODE.noAuth })
})

test('an answered ping says when it was sent, and nothing is asked of a session that was closed', async () => {
  const session = await opened()
  const connectedAt = session.knownToLeader(60_000)
  const sentAt = await session.ping()
  expect(sentAt.monotonicMs).toBeGreaterThan(connectedAt?.monotonicMs ?? Number.POSITIVE_INFINITY)
  expect(session.knownToLeader(60_000)).toEqual(connectedAt)
  expect(session.knownToLeader(0)).toEqual(sentAt)
  await session.close()
  await expect(session.ping()).rejects.toBeInstanceOf(SessionOver)
})

test('a session and its nodes outlive the leader', { timeout: 40_000 }, async () => {
  const session = await opened()
  const { tree } = await planted(session)
  await tree.create('/kept', 'ephemeral')
  const leader = await running().leader()
  await leader.engine.kill()
  const read = (): Promise<unknown> => tree.sync('/').then(() => tree.exists('/kept'), String)
  await expect.poll(read, { timeout: 20_000 }).toMatchObject({ sessionId: session.grant.sessionId })
  await leader.engine.restart()
})

test('what a follower answers without its leader proves nothing of the session', { timeout: 40_000 }, async () => {
  const leader = await running().leader()
  const follower = running().members.find((member) => member !== leader)
  if (follower === undefined) throw new Error('there is no follower')
  const { host, port } = follower.engine
  const session = await opened({ servers: [{ host, port }] })
  await session.ping()
  await leader.engine.pause()
  const pausedAtMs = systemClock.monotonicMs()
  let answeredAtMs = 0
  let known = session.knownToLeader(LAG_MS)
  while (systemClock.monotonicMs() < pausedAtMs + 4 * LAG_MS) {
    const sentAt = await session.ping().catch(() => undefined)
    // The next connection is one to a follower of another leader, which has confirmed the session.
    if (sentAt === undefined || session.connectCount > 1) break
    answeredAtMs = sentAt.monotonicMs
    known = session.knownToLeader(LAG_MS)
    await sleep(systemClock, 50)
    if (session.connectCount > 1) break
  }
  await leader.engine.resume()
  expect(answeredAtMs).toBeGreaterThan(pausedAtMs)
  promised(() => expect(known?.monotonicMs).toBeLessThanOrEqual(pausedAtMs))
})

test('a request that is larger than a server takes is not sent, and the session goes on', async () => {
  const { tree } = await planted(await opened())
  await expect(tree.create('/large', 'ephemeral', Buffer.alloc(1_000_000))).rejects.toBeInstanceOf(RequestUnsent)
  await tree.create('/small', 'ephemeral')
})
