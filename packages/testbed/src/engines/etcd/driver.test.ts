/** @module-tag real-time */
import { beforeEach, describe, expect, test } from 'vitest'
import { requireEngine } from '../require-engine.ts'
import { startCluster } from './cluster.ts'
import * as etcd from './driver.ts'

beforeEach(async (context) => {
  await requireEngine(context, etcd)
})

const asked = async (url: string, method: string, body: object): Promise<Record<string, unknown>> => {
  const signal = AbortSignal.timeout(2_000)
  const answer = await fetch(`${url}/v3/kv/${method}`, { method: 'POST', body: JSON.stringify(body), signal })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as Record<string, unknown>
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const put = (url: string): Promise<unknown> => asked(url, 'put', { key: base64('kept'), value: base64('one') })
const kept = async (url: string): Promise<unknown> => (await asked(url, 'range', { key: base64('kept') }))['count']

describe('one etcd', { timeout: 60_000 }, () => {
  test('keeps what it agreed to through kill -9, its port through a restart, and nothing through a wipe', async () => {
    await using engine = await etcd.start()
    expect(engine.name).toMatch(/^etcd 3\.\d+\.\d+/)
    await put(engine.url)
    await engine.kill()
    expect(engine.state).toBe('down')
    await engine.restart()
    await expect.poll(() => kept(engine.url), { timeout: 10_000 }).toBe('1')
    await engine.wipe()
    await expect.poll(() => kept(engine.url).catch(String), { timeout: 10_000 }).toBeUndefined()
  })
})

describe('an etcd of a later suite', { timeout: 120_000 }, () => {
  test('is started beside the one of this machine', async (context) => {
    const { version } = await requireEngine(context, etcd, 'newer')
    await using engine = await etcd.start({ release: 'newer' })
    expect(engine.name).toBe(`etcd ${version}`)
    await put(engine.url)
    expect(await kept(engine.url)).toBe('1')
  })
})

describe('an etcd of three members', { timeout: 60_000 }, () => {
  test('goes on without its leader, which comes back, and stops when two are paused', async () => {
    await using cluster = await startCluster()
    const first = await cluster.leader()
    await put(first.engine.url)
    await first.engine.kill()
    const others = cluster.members.filter((member) => member !== first)
    await expect.poll(() => cluster.leader().then(({ name }) => name), { timeout: 10_000 }).not.toBe(first.name)
    for (const { engine } of others) expect(await kept(engine.url)).toBe('1')
    await first.engine.restart()
    await expect.poll(() => kept(first.engine.url).catch(String), { timeout: 10_000 }).toBe('1')
    for (const { engine } of others) await engine.pause()
    await expect(put(first.engine.url)).rejects.toThrow()
    for (const { engine } of others) await engine.resume()
    await expect.poll(() => put(first.engine.url).then(() => 'done', String), { timeout: 20_000 }).toBe('done')
  })

  test('has another leader when its own is cut off from the others, which follows when it hears them again', async () => {
    await using cluster = await startCluster({ isParted: true })
    const first = await cluster.leader()
    const others = cluster.members.filter((member) => member !== first)
    const heal = cluster.isolate(first, { kind: 'hold' })
    const canWrite = (): Promise<boolean> =>
      Promise.any(others.map(({ engine }) => put(engine.url))).then(
        () => true,
        () => false,
      )
    await expect.poll(canWrite, { timeout: 20_000 }).toBe(true)
    await expect(put(first.engine.url)).rejects.toThrow()
    expect(heal()).toBeGreaterThan(0)
    await expect.poll(() => put(first.engine.url).then(() => 'done', String), { timeout: 20_000 }).toBe('done')
  })
})
