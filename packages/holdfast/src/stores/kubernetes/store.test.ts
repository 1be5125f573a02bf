/**
 * Kubernetes beyond the conformance cases, on a stand-in for its API server: how many requests a lock is, what kubectl sees of it,
 * and Leases of others.
 * @module-tag real-time
 */
import * as server from '@holdfast/testbed/engines/kubernetes/driver'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import type { OpenStore } from '../../store/store.ts'
import { leaseNameOf } from '../kubernetes-driver/lease-name.ts'
import { claim, held, takeAndLeave, turnOf } from '../claims.fixture.ts'
import { kubernetes, kubernetesNamespaceState, kubernetesRole } from './index.ts'
import { asked, requestsOf, Stage, urlOf } from './kubernetes.fixture.ts'

const stage = new Stage()
let engine: Engine
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!lock${(names += 1)}`
const opened = (): Promise<OpenStore> => stage.opened(kubernetes(urlOf(engine)))

describe('requests', () => {
  test('an uncontended pair is two of them, a renewal is one, and so is a look', async () => {
    const [store, resource] = [await opened(), fresh()]
    expect(await requestsOf(() => takeAndLeave(store, resource))).toEqual(['POST', 'PATCH'])
    expect(await requestsOf(() => takeAndLeave(store, resource))).toEqual(['PATCH', 'PATCH'])
    const first = claim(resource)
    held(await store.enter(first))
    expect(await requestsOf(() => store.renew([{ ref: first, ttlMs: 60_000 }]))).toEqual(['PATCH'])
    expect(await requestsOf(() => store.look(resource))).toEqual(['GET'])
  })

  test('a waiter of another process hears of its grant from the watch, and of nothing that is not its own', async () => {
    const [store, waiting, resource] = [await opened(), await opened(), fresh()]
    const [first, second] = [claim(resource), claim(resource)]
    const { token } = held(await store.enter(first))
    expect(await waiting.enter(second)).toMatchObject({ kind: 'queued', ahead: 0 })
    const late = AbortSignal.timeout(2_000)
    const told = waiting.watch(second, late)
    let isTold = false
    void told.then(() => (isTold = true))
    await store.renew([{ ref: first, ttlMs: 10_000 }])
    await takeAndLeave(store, fresh())
    expect(isTold).toBe(false)
    await store.leave({ ...first, token })
    await told
    expect(late.aborted).toBe(false)
    expect((await turnOf(waiting, second)).token).toBe(token + 1n)
  })
})

describe('the Lease of a line', () => {
  test('shows who holds, since when, and how often that changed', async () => {
    const [store, resource] = [await opened(), fresh()]
    const first = claim(resource, { owner: 'host-1:42', ttlMs: 15_000 })
    const { token } = held(await store.enter(first))
    const seen = await asked(engine, 'GET', resource)
    const { acquireTime } = seen.spec
    expect(seen.spec).toMatchObject({ holderIdentity: 'host-1:42', leaseDurationSeconds: 15, leaseTransitions: 1 })
    expect(seen.spec['renewTime']).toBe(acquireTime)
    expect(seen.metadata.labels).toEqual({ 'app.kubernetes.io/managed-by': 'holdfast' })
    await expect.poll(() => new Date().toISOString() > String(acquireTime).replace('000Z', 'Z')).toBe(true)
    await store.renew([{ ref: first, ttlMs: 15_000 }])
    const renewed = await asked(engine, 'GET', resource)
    expect(renewed.spec).toMatchObject({ acquireTime, leaseTransitions: 1 })
    expect(String(renewed.spec['renewTime']) > String(acquireTime)).toBe(true)
    await store.enter(claim(resource))
    // A waiter renews nobody's lease.
    expect((await asked(engine, 'GET', resource)).spec['renewTime']).toBe(renewed.spec['renewTime'])
    await store.leave({ ...first, token })
    expect((await asked(engine, 'GET', resource)).spec).toMatchObject({ holderIdentity: 'test', leaseTransitions: 2 })
  })

  test('that nobody uses is labelled idle, shows nobody, and is not listed', async () => {
    const [store, resource] = [await opened(), 'idle!a']
    await takeAndLeave(store, resource)
    const { metadata, spec } = await asked(engine, 'GET', resource)
    expect(metadata.labels).toMatchObject({ 'holdfast/idle': 'true' })
    expect(spec).toEqual({ leaseTransitions: 1 })
    held(await store.enter(claim('idle!b')))
    expect(await store.list('idle!', undefined, 10)).toEqual({ resources: ['idle!b'] })
    held(await store.enter(claim(resource)))
    expect((await asked(engine, 'GET', resource)).metadata.labels).not.toHaveProperty('holdfast/idle')
  })

  test('keeps what others wrote into it, and is changed though they did', async () => {
    const [store, resource] = [await opened(), fresh()]
    const first = claim(resource)
    held(await store.enter(first))
    await asked(engine, 'PATCH', resource, { metadata: { annotations: { theirs: 'x' }, labels: { theirs: 'y' } } })
    expect(await store.renew([{ ref: first, ttlMs: 10_000 }])).toMatchObject([{ kind: 'held' }])
    const { annotations, labels } = (await asked(engine, 'GET', resource)).metadata
    expect({ annotations, labels }).toMatchObject({ annotations: { theirs: 'x' }, labels: { theirs: 'y' } })
  })

  test('of another program is refused and named, and stays as it is', async () => {
    const [store, resource] = [await opened(), fresh()]
    const theirs = { kind: 'Lease', metadata: { name: leaseNameOf(resource) }, spec: { holderIdentity: 'theirs' } }
    const before = await asked(engine, 'POST', resource, theirs)
    await expect(store.enter(claim(resource))).rejects.toThrow(StoreUnavailable)
    await expect(store.look(resource)).rejects.toThrow(/damaged, or of another program/)
    expect(await asked(engine, 'GET', resource)).toEqual(before)
  })

  test('that was deleted while nobody used it begins above its old tokens', async () => {
    const [store, other, resource] = [await opened(), await opened(), fresh()]
    const before = await takeAndLeave(store, resource)
    await asked(engine, 'DELETE', resource)
    const after = await takeAndLeave(store, resource)
    expect(after).toBeGreaterThan(before)
    expect(await takeAndLeave(other, resource)).toBe(after + 1n)
  })

  test('has a name of its own, though names of locks differ in capitals and signs alone', () => {
    const resources = ['n!Report', 'n!report', 'n!re_port', 'N!report', `n!${'long'.repeat(50)}`, '%25!%25']
    const leases = resources.map(leaseNameOf)
    expect(new Set(leases).size).toBe(resources.length)
    for (const lease of leases) expect(lease).toMatch(/^[a-z0-9][-a-z0-9]{0,251}[a-z0-9]$/)
    expect(leases[1]).toMatch(/^n-report-[0-9a-f]{32}$/)
  })
})

test('the state of a namespace says how many lines it has, and what this user lacks', async () => {
  const own = await stage.server({ users: [{ name: 'reader', token: 'r', verbs: ['get', 'list', 'watch'] }] })
  const file = stage.kubeconfig(own, ['token: r'])
  expect(await kubernetesNamespaceState(`kubernetes:?kubeconfig=${file}`)).toEqual({
    version: 'v1.33.0-holdfast-stand-in',
    namespace: 'default',
    usedCount: 0,
    idleCount: 0,
    missingVerbs: ['create', 'patch'],
  })
  await takeAndLeave(await opened(), fresh())
  const { idleCount, missingVerbs } = await kubernetesNamespaceState(urlOf(engine))
  expect(idleCount).toBeGreaterThan(0)
  expect(missingVerbs).toEqual([])
})

test('arguments of no meaning are told at once, and the Role names every verb', () => {
  expect(() => kubernetes('kubernetes:', { namespace: 'A B' })).toThrow(Misuse)
  expect(() => kubernetes(1 as never)).toThrow(/takes a URL/)
  expect(() => kubernetesRole({ serviceAccount: 'a b' })).toThrow(Misuse)
  const role = kubernetesRole({ namespace: 'shop', serviceAccount: 'checkout' })
  expect(role).toMatch(/namespace: shop\nrules:.*verbs: \[get, list, watch, create, patch\]/s)
  expect(role).toMatch(/name: checkout/)
})
