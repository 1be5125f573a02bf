/**
 * Who may speak to Kubernetes, on a stand-in for its API server: tokens, certificates, pods, rights, and what is said where they
 * are refused.
 * @module-tag real-time
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as server from '@holdfast/testbed/engines/kubernetes/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { locate as locateCertificate, makeCertificate } from '@holdfast/testbed/os/certificate'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { kubernetes } from './index.ts'
import { Stage } from './kubernetes.fixture.ts'

const EXEC = 'client.authentication.k8s.io/v1'
const VERBS = ['get', 'list', 'watch', 'create', 'patch']

beforeEach((context) => requireEngine(context, server))
afterEach(() => void vi.unstubAllEnvs())

const of = (kubeconfig: string, namespace = ''): string => `kubernetes:${namespace}?kubeconfig=${kubeconfig}`

describe('rights', () => {
  test('those of the Role suffice; without watching waiters look by themselves; without writing it is refused for good', async () => {
    await using stage = new Stage()
    const engine = await stage.server({
      users: [
        { name: 'locks', token: 'locks', verbs: VERBS },
        { name: 'deaf', token: 'deaf', verbs: ['get', 'create', 'patch'] },
        { name: 'reader', token: 'reader', verbs: ['get', 'list', 'watch'] },
      ],
    })
    const as = (token: string): string => of(stage.kubeconfig(engine, [`token: "${token}"`]))
    const store = await stage.opened(kubernetes(as('locks')))
    expect(store.facts).toMatchObject({ wakeUp: 'push', safetyClass: 'best-effort' })
    expect(store.facts.engine).toMatch(/stand-in/)
    held(await store.enter(claim('n!rights')))
    expect(await store.list('n!', undefined, 10)).toEqual({ resources: ['n!rights'] })
    const deaf = await stage.opened(kubernetes(as('deaf')))
    expect(deaf.facts).toMatchObject({
      wakeUp: 'poll',
      reasons: expect.arrayContaining([expect.stringMatching(/watch/)]),
    })
    const queued = await deaf.enter(claim('n!rights'))
    expect(queued.kind === 'queued' && (queued.recheckInMs ?? 10_000) < 1_000).toBe(true)
    const reader = await stage.opened(kubernetes(as('reader')))
    await expect(reader.enter(claim('n!other'))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/kubernetesRole\(\).*User "reader" cannot create resource "leases"/),
    })
    const stranger = stage.opened(kubernetes(as('geheim')))
    await expect(stranger).rejects.toMatchObject({ isFinal: true, message: expect.stringMatching(/refused the login/) })
    await expect(stranger).rejects.not.toThrow(/geheim/)
  })

  test('a namespace that is not there is told as what it is', async () => {
    await using stage = new Stage()
    const engine = await stage.server({ namespaces: ['shop'] })
    const url = engine.url.replace('http:', 'kubernetes:')
    const store = await stage.opened(kubernetes(`${url}/shop`))
    expect(await takeAndLeave(store, 'n!a')).toBeGreaterThan(0n)
    const nowhere = await stage.opened(kubernetes(url, { namespace: 'nowhere' }))
    await expect(nowhere.enter(claim('n!a'))).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/does not have the namespace/),
    })
  })
})

describe('logins', () => {
  test('a kubeconfig brings its authority and a certificate of the user, as data or as files beside it', async (context) => {
    await requireAbility(context, locateCertificate)
    await using stage = new Stage()
    const folder = stage.folder()
    const { certificate, key } = await makeCertificate(folder)
    const own = await makeCertificate(folder, { name: 'client', subject: '/CN=locks' })
    const tls = { certificate, key, clientAuthority: own.certificate }
    const engine = await stage.server({ tls, users: [{ name: 'locks', verbs: VERBS }] })
    const data = (path: string): string => readFileSync(path).toString('base64')
    const user = [`client-certificate-data: ${data(own.certificate)}`, `client-key-data: ${data(own.key)}`]
    const config = stage.kubeconfig(engine, user, [`certificate-authority-data: ${data(certificate)}`])
    expect(await takeAndLeave(await stage.opened(kubernetes(of(config))), 'n!data')).toBeGreaterThan(0n)
    const files = ['client-certificate: client.pem', 'client-key: client.key']
    const beside = join(folder, 'config')
    copyFileSync(stage.kubeconfig(engine, files, ['certificate-authority: server.pem']), beside)
    expect(await takeAndLeave(await stage.opened(kubernetes(of(beside))), 'n!files')).toBeGreaterThan(0n)
    const unknown = stage.opened(kubernetes(of(stage.kubeconfig(engine, user))))
    await expect(unknown).rejects.toMatchObject({ isFinal: true, message: expect.stringMatching(/certificate/) })
  })

  test('a pod has its own; its token was replaced in its file, so one that is refused may be another soon', async (context) => {
    await requireAbility(context, locateCertificate)
    await using stage = new Stage()
    const folder = stage.folder()
    const { certificate, key } = await makeCertificate(folder)
    const engine = await stage.server({
      tls: { certificate, key },
      namespaces: ['shop'],
      users: [{ name: 'pod', token: 'second', verbs: VERBS }],
    })
    vi.stubEnv('KUBERNETES_SERVICE_HOST', engine.host)
    vi.stubEnv('KUBERNETES_SERVICE_PORT', String(engine.port))
    copyFileSync(certificate, join(folder, 'ca.crt'))
    writeFileSync(join(folder, 'namespace'), 'shop\n')
    writeFileSync(join(folder, 'token'), 'first\n')
    const url = `kubernetes:?service-account=${folder}`
    const refused = stage.opened(kubernetes(url))
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: false })
    writeFileSync(join(folder, 'token'), 'second\n')
    const store = await stage.opened(kubernetes(url))
    expect(await takeAndLeave(store, 'n!pod')).toBeGreaterThan(0n)
  })

  test('a program of the kubeconfig logs in, and is run again when its token was refused', async () => {
    await using stage = new Stage()
    const engine = await stage.server({ users: [{ name: 'locks', token: 'second', verbs: VERBS }] })
    const path = stage.kubeconfig(engine, [
      `exec: {"command": "./login", "apiVersion": "${EXEC}", "interactiveMode": "IfAvailable", "provideClusterInfo": true}`,
    ])
    const program = join(path, '..', 'login')
    const printing = (token: string): string =>
      `#!/bin/sh\ncase "$KUBERNETES_EXEC_INFO" in *'"server":"${engine.url}"'*) ;; *) exit 3;; esac\n` +
      `echo '{"apiVersion": "${EXEC}", "kind": "ExecCredential", "status": {"token": "${token}"}}'\n`
    writeFileSync(program, printing('first'), { mode: 0o700 })
    const refused = stage.opened(kubernetes(of(path)))
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: false })
    writeFileSync(program, printing('second'))
    const store = await stage.opened(kubernetes(of(path)))
    expect(await takeAndLeave(store, 'n!program')).toBeGreaterThan(0n)
  })

  test.each([
    [
      'a program that asks a person',
      [`exec: {"command": "aws", "apiVersion": "${EXEC}", "interactiveMode": "Always"}`],
      /kubectl create token/,
    ],
    ['a program of an old interface', ['exec: {"command": "aws", "apiVersion": "v1alpha1"}'], /bring aws up to date/],
    ['a login of an old kubectl', ['auth-provider: {"name": "gcp"}'], /auth-provider/],
    [
      'a program that is not there',
      [`exec: {"command": "./nowhere", "apiVersion": "${EXEC}", "installHint": "get it from us"}`],
      /nowhere cannot be run \(ENOENT\): get it from us/,
    ],
    ['a file that is not there', ['client-certificate: nowhere.pem'], /nowhere\.pem, which cannot be read/],
  ])('%s is refused with the way out', async (_, user, words) => {
    await using stage = new Stage()
    const opening = stage.opened(kubernetes(of(stage.kubeconfig({ url: 'https://127.0.0.1:1' }, user))))
    await expect(opening).rejects.toMatchObject({ isFinal: true })
    await expect(opening).rejects.toThrow(words)
  })

  test('a server that is away is told as away, and a context that is not there is named', async () => {
    await using stage = new Stage()
    const config = stage.kubeconfig({ url: 'http://127.0.0.1:1' }, ['token: x'])
    const opening = stage.opened(kubernetes(of(config)))
    await expect(opening).rejects.toThrow(StoreUnavailable)
    await expect(opening).rejects.not.toThrow(NotApplied)
    await expect(opening).rejects.toMatchObject({ isFinal: false, message: expect.stringMatching(/ECONNREFUSED/) })
    const elsewhere = stage.opened(kubernetes(`${of(config)}&context=there`))
    await expect(elsewhere).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/context of the name there/),
    })
  })
})
