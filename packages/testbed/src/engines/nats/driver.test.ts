/** @module-tag real-time */
import { connect } from '@nats-io/transport-node'
import { beforeEach, expect, test } from 'vitest'
import { requireEngine } from '../require-engine.ts'
import { startCluster } from './cluster.ts'
import * as nats from './driver.ts'

beforeEach(async (context) => {
  await requireEngine(context, nats)
})

const stream = { name: 'kept', subjects: ['kept'], num_replicas: 1 }

async function asked(url: string, subject: string, payload: object): Promise<Record<string, unknown>> {
  const client = await connect({ servers: url, reconnect: false })
  try {
    return (await client.request(subject, JSON.stringify(payload), { timeout: 2_000 })).json()
  } finally {
    await client.close()
  }
}

test('NATS keeps its streams through kill -9, its port through a restart, and nothing through a wipe', async () => {
  await using engine = await nats.start()
  expect(engine.name).toMatch(/^nats \d+\.\d+\.\d+/)
  expect(await asked(engine.url, '$JS.API.STREAM.CREATE.kept', stream)).toHaveProperty('config')
  await engine.kill()
  await expect(nats.ping(engine.url)).rejects.toThrow()
  await engine.restart()
  expect(await asked(engine.url, '$JS.API.STREAM.INFO.kept', {})).toHaveProperty('config')
  await engine.wipe()
  expect(await asked(engine.url, '$JS.API.STREAM.INFO.kept', {})).toHaveProperty('error')
}, 30_000)

test('a NATS of three keeps a stream on all of them, and goes on without one', async () => {
  await using cluster = await startCluster()
  const [first, second] = cluster.members.map(({ url }) => url)
  const made = (): Promise<unknown> =>
    asked(first ?? '', '$JS.API.STREAM.CREATE.kept', { ...stream, num_replicas: 3 }).catch(String)
  await expect.poll(made, { timeout: 20_000 }).toHaveProperty('config.num_replicas', 3)
  await cluster.members[0]?.engine.kill()
  const put = (): Promise<unknown> => asked(second ?? '', 'kept', {}).catch(String)
  await expect.poll(put, { timeout: 20_000 }).toHaveProperty('seq')
}, 60_000)
