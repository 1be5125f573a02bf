/** @module-tag real-time */
import { beforeEach, describe, expect, test } from 'vitest'
import { requireEngine } from '../require-engine.ts'
import { startEnsemble } from './cluster.ts'
import * as zookeeper from './driver.ts'

beforeEach(async (context) => {
  await requireEngine(context, zookeeper)
})

const served = (url: string): Promise<string> => zookeeper.ping(url).then(() => 'served', String)

describe('one ZooKeeper', { timeout: 60_000 }, () => {
  test('keeps its port through kill -9 and a restart, and is started empty by a wipe', async () => {
    await using engine = await zookeeper.start()
    expect(engine.name).toMatch(/^zookeeper 3\.\d+\.\d+/)
    await engine.kill()
    expect(engine.state).toBe('down')
    await engine.restart()
    expect(await served(engine.url)).toBe('served')
    await engine.wipe()
    expect(await served(engine.url)).toBe('served')
  })
})

describe('a ZooKeeper of three members', { timeout: 60_000 }, () => {
  test('goes on without its leader, which comes back, serves no clients when two are paused, and elects anew when the leader is cut off', async () => {
    await using ensemble = await startEnsemble({ isParted: true, settings: { tickTime: '250' } })
    const first = await ensemble.leader()
    await first.engine.kill()
    const others = ensemble.members.filter((member) => member !== first)
    const leads = (): Promise<string> => ensemble.leader().then(({ name }) => name, String)
    const names = others.map(({ name }) => name)
    await expect.poll(async () => names.includes(await leads()), { timeout: 15_000 }).toBe(true)
    await first.engine.restart()
    await expect.poll(() => served(first.engine.url), { timeout: 15_000 }).toBe('served')
    for (const { engine } of others) await engine.pause()
    await expect.poll(() => served(first.engine.url), { timeout: 15_000 }).not.toBe('served')
    for (const { engine } of others) await engine.resume()
    await expect.poll(() => served(first.engine.url), { timeout: 20_000 }).toBe('served')
    const second = await ensemble.leader()
    const heal = ensemble.isolate(second, { kind: 'hold' })
    await expect.poll(leads, { timeout: 15_000 }).not.toBe(second.name)
    await expect.poll(() => served(second.engine.url), { timeout: 15_000 }).not.toBe('served')
    await expect.poll(leads, { timeout: 15_000 }).toMatch(/member/)
    expect(heal()).toBeGreaterThan(0)
    await expect.poll(() => served(second.engine.url), { timeout: 20_000 }).toBe('served')
  })
})
