/** @module-tag real-time */
import { expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import * as kubernetes from './driver.ts'

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
const lease = (name: string, metadata: object = {}, spec: object = {}): object => ({
  kind: 'Lease',
  metadata: { name, ...metadata },
  spec,
})

interface Answer {
  readonly status: number
  readonly body: { readonly metadata: { readonly resourceVersion: string }; readonly [field: string]: unknown }
}

async function asked({ url }: Engine, method: string, path: string, body?: object): Promise<Answer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } }
  const response = await fetch(url + path, { method, ...sent })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

/** So many events of a watch. */
async function watched({ url }: Engine, query: string, count: number): Promise<readonly string[]> {
  const response = await fetch(`${url}${LEASES}?watch=1&${query}`)
  const types: string[] = []
  let rest = ''
  for await (const chunk of response.body ?? []) {
    const lines = (rest + Buffer.from(chunk).toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) types.push((JSON.parse(line) as { type: string }).type)
    if (types.length >= count) break
  }
  return types
}

test('the stand-in for Kubernetes changes a Lease where the version is the one seen, and keeps it through kill -9', async () => {
  await using engine = await kubernetes.start()
  expect(engine.name).toBe('kubernetes-stand-in 1')
  const made = await asked(engine, 'POST', LEASES, lease('a'))
  expect(made.status).toBe(201)
  expect((await asked(engine, 'POST', LEASES, lease('a'))).body).toMatchObject({ code: 409, reason: 'AlreadyExists' })
  const { resourceVersion } = made.body.metadata
  const patch = { metadata: { resourceVersion, annotations: { x: 'y' } }, spec: { leaseTransitions: 1 } }
  expect((await asked(engine, 'PATCH', `${LEASES}/a`, patch)).status).toBe(200)
  expect((await asked(engine, 'PATCH', `${LEASES}/a`, patch)).body).toMatchObject({ code: 409, reason: 'Conflict' })
  await engine.kill()
  await expect(kubernetes.ping(engine.url)).rejects.toThrow()
  await engine.restart()
  const { body } = await asked(engine, 'GET', `${LEASES}/a`)
  expect(body).toMatchObject({ metadata: { annotations: { x: 'y' } }, spec: { leaseTransitions: 1 } })
  expect((await asked(engine, 'GET', `${LEASES}/b`)).body).toMatchObject({ code: 404, reason: 'NotFound' })
}, 20_000)

test('it refuses what the API refuses: odd names, empty holders, versions of new objects, other namespaces', async () => {
  await using engine = await kubernetes.start()
  const refused = [
    lease('A'),
    lease('a', { labels: { x: 'no such value' } }),
    lease('a', {}, { holderIdentity: '' }),
    lease('a', {}, { leaseDurationSeconds: 0 }),
    lease('a', {}, { renewTime: '2026-01-01T00:00:00Z' }),
    lease('a', { resourceVersion: '1' }),
    lease('a', { annotations: { x: 'y'.repeat(300_000) } }),
  ]
  for (const each of refused) expect((await asked(engine, 'POST', LEASES, each)).status).toBeOneOf([400, 422])
  const elsewhere = await asked(engine, 'POST', LEASES.replace('default', 'nowhere'), lease('a'))
  expect(elsewhere.body).toMatchObject({ code: 404, details: { kind: 'namespaces' } })
}, 20_000)

test('a watch tells what came behind its version, and that this is gone where it was too long ago', async () => {
  await using engine = await kubernetes.start({ historyLength: 3 })
  const { body } = await asked(engine, 'GET', `${LEASES}?limit=1`)
  const first = `resourceVersion=${body.metadata.resourceVersion}&timeoutSeconds=5`
  await asked(engine, 'POST', LEASES, lease('a'))
  await asked(engine, 'PATCH', `${LEASES}/a`, { spec: { leaseTransitions: 1 } })
  await asked(engine, 'DELETE', `${LEASES}/a`)
  expect(await watched(engine, first, 3)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  await asked(engine, 'POST', LEASES, lease('b'))
  expect(await watched(engine, first, 1)).toEqual(['ERROR'])
}, 20_000)

test('pages are followed by what they continue with, and selectors leave out the others', async () => {
  await using engine = await kubernetes.start()
  for (const name of ['a', 'b', 'c']) await asked(engine, 'POST', LEASES, lease(name, { labels: { [name]: 'x' } }))
  const { body } = await asked(engine, 'GET', `${LEASES}?limit=2`)
  expect(body).toMatchObject({ items: [{}, {}], metadata: { continue: 'b' } })
  const last = await asked(engine, 'GET', `${LEASES}?limit=2&continue=b`)
  expect(last.body['items']).toMatchObject([{ metadata: { name: 'c' } }])
  const some = await asked(engine, 'GET', `${LEASES}?labelSelector=${encodeURIComponent('!a,c!=x')}`)
  expect(some.body['items']).toMatchObject([{ metadata: { name: 'b' } }])
}, 20_000)

test('users are known by their tokens and have the rights that they were given', async () => {
  await using engine = await kubernetes.start({ users: [{ name: 'reader', token: 'r', verbs: ['get', 'list'] }] })
  const as = async (token: string, method: string, path: string): Promise<{ readonly code?: number }> => {
    const response = await fetch(engine.url + path, { method, headers: { authorization: `Bearer ${token}` } })
    return (await response.json()) as { code?: number }
  }
  expect(await as('x', 'GET', LEASES)).toMatchObject({ code: 401, reason: 'Unauthorized' })
  expect(await as('r', 'GET', LEASES)).toMatchObject({ kind: 'LeaseList' })
  const { message } = (await as('r', 'POST', LEASES)) as { message?: string }
  expect(message).toMatch(/User "reader" cannot create resource "leases" in API group "coordination.k8s.io"/)
}, 20_000)
