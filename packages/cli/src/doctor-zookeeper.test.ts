/**
 * What the doctor says about a ZooKeeper that is well, that lost servers, and that grants short sessions alone.
 * @module-tag real-time
 */
import { requireEngine, zookeeper } from '@holdfast/testbed/engines'
import { startEnsemble } from '@holdfast/testbed/engines/zookeeper/cluster'
import { holdfast } from 'holdfast'
import { zookeeper as zookeeperStore } from 'holdfast/zookeeper'
import { beforeEach, expect, test } from 'vitest'
import { zookeeperFindings } from './doctor-zookeeper.ts'

beforeEach(async (context) => {
  await requireEngine(context, zookeeper)
})

const levels = async (url: string): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries((await zookeeperFindings(url)).map(({ check, level }) => [check, level]))

test('three servers are well, one that is away is named, and two are a problem', { timeout: 60_000 }, async () => {
  await using ensemble = await startEnsemble()
  expect(await levels(ensemble.url)).toEqual({ quorum: 'ok', version: 'ok', sessions: 'ok', access: 'note' })
  const leader = await ensemble.leader()
  const [first, second] = ensemble.members.filter((member) => member !== leader)
  await first?.engine.kill()
  const [quorum] = await zookeeperFindings(ensemble.url)
  expect(quorum).toMatchObject({ level: 'note', seen: expect.stringMatching(/^2 of 3 members answer; .* leads$/) })
  expect(quorum?.advice).toContain(`Away: 127.0.0.1:${first?.engine.port}`)
  await second?.engine.kill()
  await expect.poll(() => levels(ensemble.url), { timeout: 20_000 }).not.toHaveProperty('sessions')
  await leader.engine.kill()
  expect(await zookeeperFindings(ensemble.url)).toEqual([])
})

test('a server alone is said to be one, and so are short sessions', { timeout: 60_000 }, async () => {
  await using engine = await zookeeper.start({ settings: { maxSessionTimeout: '8000' } })
  const findings = await zookeeperFindings(engine.url)
  expect(findings.map(({ check, level }) => `${check} ${level}`)).toEqual([
    'quorum note',
    'version ok',
    'sessions note',
    'access note',
  ])
  expect(findings.find(({ check }) => check === 'sessions')?.seen).toBe('sessions of 1000 to 8000 ms are granted')
  const locks = holdfast(zookeeperStore(engine.url, { followerLag: '1s' }))
  await locks.open()
  await locks.close()
  expect(await zookeeperFindings(engine.url)).toContainEqual(expect.objectContaining({ check: 'clock', level: 'ok' }))
})
