/**
 * What the doctor says about an etcd that is well, that lost a member, and that has no room left.
 * @module-tag real-time
 */
import { etcd, requireEngine, startEtcdCluster } from '@holdfast/testbed/engines'
import { beforeEach, expect, test } from 'vitest'
import { etcdFindings } from './doctor-etcd.ts'

beforeEach(async (context) => {
  await requireEngine(context, etcd)
})

const levels = async (url: string): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries((await etcdFindings(url)).map(({ check, level }) => [check, level]))

test('three members are well, one that is away is named, and two are a problem', { timeout: 60_000 }, async () => {
  await using cluster = await startEtcdCluster()
  expect(await levels(cluster.url)).toEqual({ quorum: 'ok', version: 'ok', space: 'ok', access: 'note' })
  const leader = await cluster.leader()
  const [first, second] = cluster.members.filter((member) => member !== leader)
  await first?.engine.kill()
  const [quorum] = await etcdFindings(cluster.url)
  expect(quorum).toMatchObject({ level: 'note', seen: expect.stringMatching(/^2 of 3 members answer; .* leads$/) })
  expect(quorum?.advice).toContain(`Away: 127.0.0.1:${first?.engine.port}`)
  await second?.engine.kill()
  expect(await levels(cluster.url)).toMatchObject({ quorum: 'problem' })
  await leader.engine.kill()
  expect(await etcdFindings(cluster.url)).toEqual([])
})

test('an etcd that has no room left says so', { timeout: 60_000 }, async () => {
  await using engine = await etcd.start({ flags: { 'quota-backend-bytes': String(4 * 1024 * 1024) } })
  const url = `etcd://${engine.host}:${engine.port}`
  const value = Buffer.alloc(1024 * 1024, 'x').toString('base64')
  const fill = async (key: number): Promise<boolean> => {
    const body = JSON.stringify({ key: Buffer.from(String(key)).toString('base64'), value })
    return (await fetch(`${engine.url}/v3/kv/put`, { method: 'POST', body })).ok
  }
  let count = 0
  while (count < 20 && (await fill(count))) count += 1
  expect(count).toBeLessThan(20)
  await expect.poll(() => levels(url), { timeout: 10_000 }).toMatchObject({ space: 'problem', quorum: 'note' })
  expect((await etcdFindings(url)).find(({ check }) => check === 'space')?.seen).toMatch(/NOSPACE/)
})
