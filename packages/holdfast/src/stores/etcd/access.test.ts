/**
 * Who may speak to an etcd: certificates of both sides, users, rights, tokens that end, and what is said where it is refused.
 * @module-tag real-time
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '@holdfast/testbed/engines/command'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/etcd/driver'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { beforeEach, describe, expect, test } from 'vitest'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { base64, gateway, Stage, urlOf } from './etcd.fixture.ts'
import { etcd } from './index.ts'

beforeEach(async (context) => {
  await requireEngine(context, server)
})

function folderIn(stage: Stage): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-etcd-'))
  stage.ending(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function openssl(...args: readonly string[]): Promise<void> {
  await run('openssl', args, { withinMs: 30_000 })
}

/** An authority, and certificates of it for a server on 127.0.0.1 and for a client. */
async function certificatesIn(folder: string): Promise<(name: string) => string> {
  const file = (name: string): string => join(folder, name)
  const key = ['-newkey', 'rsa:2048', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-days',
    '2',
    '-subj',
    '/CN=ca',
  )
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n')
  for (const name of ['server', 'client']) {
    const [request, secret] = [file(`${name}.csr`), file(`${name}.key`)]
    await openssl('req', ...key, '-keyout', secret, '-out', request, '-subj', `/CN=${name}`)
    const signing = [
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      file('names'),
    ]
    await openssl('x509', '-req', '-in', request, '-out', file(`${name}.pem`), ...signing)
  }
  return file
}

describe('with TLS', { timeout: 60_000 }, () => {
  test('both sides show certificates, as texts or as files of the URL, and without one nothing is served', async () => {
    await using stage = new Stage()
    const file = await certificatesIn(folderIn(stage))
    const tls = {
      certificateFile: file('server.pem'),
      keyFile: file('server.key'),
      clientAuthorityFile: file('ca.pem'),
    }
    const { host, port } = await stage.server({ tls })
    const url = `etcds://${host}:${port}`
    const files = `?ca=${file('ca.pem')}&cert=${file('client.pem')}&key=${file('client.key')}`
    const store = await stage.opened(etcd(url + files))
    expect(await takeAndLeave(store, 'n!tls')).toBeGreaterThan(0n)
    const [ca, cert, key] = ['ca.pem', 'client.pem', 'client.key'].map((name) => readFileSync(file(name), 'utf8'))
    const other = await stage.opened(etcd(url, { tls: { ca: ca ?? '', cert: cert ?? '', key: key ?? '' } }))
    expect((await other.look('n!tls')).claims).toEqual([])
    await expect(stage.opened(etcd(url))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    await expect(stage.opened(etcd(url, { tls: { ca: ca ?? '' } }))).rejects.toThrow(/etcd/)
    await expect(stage.opened(etcd(`${url}?ca=${file('missing.pem')}`))).rejects.toThrow(/file for "ca".*ENOENT/)
    await expect(stage.opened(etcd(urlOf({ host, port })))).rejects.toThrow(/no connection to etcd came about/)
  })
})

/** A user with a role that may write what begins with the prefix, and authentication turned on. */
async function withUsers(engine: Engine): Promise<void> {
  const ask = (method: string, body: object): Promise<unknown> => gateway(engine, `auth/${method}`, body)
  for (const name of ['root', 'app', 'poor']) {
    await ask('user/add', { name, password: 's3cret' })
    await ask('role/add', { name })
    await ask('user/grant', { user: name, role: name })
  }
  const perm = { permType: 'READWRITE', key: base64('locks/'), range_end: base64('locks0') }
  await ask('role/grant', { name: 'app', perm })
  await ask('enable', {})
}

describe('with users', { timeout: 60_000 }, () => {
  test('a role for the prefix is enough, and a wrong password, no user and missing rights are told apart', async () => {
    await using stage = new Stage()
    const engine = await stage.server()
    await withUsers(engine)
    const url = (user: string): string => urlOf(engine, '/locks').replace('//', `//${user}`)
    const store = await stage.opened(etcd(url('app:s3cret@')))
    const asked = claim('n!lock', { note: 'mine' })
    const { token } = held(await store.enter(asked))
    expect(await store.evict('n!lock', token, 'a test')).toBe('evicted')
    expect(await store.watch(asked, AbortSignal.timeout(20_000))).toMatchObject({ kind: 'gone', reason: 'a test' })
    const refused = async (user: string, words: RegExp): Promise<void> => {
      const opening = stage.opened(etcd(url(user)))
      await expect(opening).rejects.toThrow(words)
      await expect(opening).rejects.toMatchObject({ isFinal: true })
      await expect(opening).rejects.not.toThrow(/s3cret/)
    }
    await refused('app:wr0ng@', /refused the request, or the user name and password/)
    await refused('poor:s3cret@', /does not allow this user.*readwrite on the prefix/)
    await refused('', /names no user|user name is empty/)
    const open = await stage.server()
    const unknown = stage.opened(etcd(urlOf(open).replace('//', '//app:s3cret@')))
    await expect(unknown).rejects.toThrow(/authentication is off/)
  })

  test('a token that ends after two seconds is renewed under a holder and a waiter', async () => {
    await using stage = new Stage()
    const folder = folderIn(stage)
    const [secret, open] = [join(folder, 'secret.pem'), join(folder, 'open.pem')]
    await openssl('genrsa', '-out', secret, '2048')
    await openssl('rsa', '-in', secret, '-pubout', '-out', open)
    const token = `jwt,pub-key=${open},priv-key=${secret},sign-method=RS256,ttl=2s`
    const engine = await stage.server({ flags: { 'auth-token': token } })
    await withUsers(engine)
    const url = urlOf(engine, '/locks').replace('//', '//app:s3cret@')
    const [store, other] = [await stage.opened(etcd(url)), await stage.opened(etcd(url))]
    const [first, second] = [claim('n!lock'), claim('n!lock')]
    held(await store.enter(first))
    await other.enter(second)
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      expect((await store.renew([{ ref: first, ttlMs: 10_000 }]))[0]).toMatchObject({ kind: 'held' })
    }
    const told = other.watch(second, AbortSignal.timeout(20_000))
    await new Promise((resolve) => setTimeout(resolve, 500))
    await store.leave(first)
    expect(await told).toEqual({ kind: 'hint' })
    held(await other.enter(second))
  })
})

test('a server that is not there is named with the way out, and may come', async () => {
  await using stage = new Stage()
  const opening = stage.opened(etcd('etcd://app:s3cret@127.0.0.1:1,127.0.0.1:2'))
  await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: false })
  // It begins with any of them.
  for (const port of [1, 2]) await expect(opening).rejects.toThrow(`127.0.0.1:${port}: connect ECONNREFUSED`)
  await expect(opening).rejects.toThrow(/Check the addresses/)
  await expect(opening).rejects.not.toThrow(/s3cret/)
})
