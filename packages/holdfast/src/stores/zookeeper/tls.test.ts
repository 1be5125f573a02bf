/**
 * A ZooKeeper that speaks TLS: both sides show certificates, and what is wrong is told in words.
 * @module-tag real-time
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import * as server from '@holdfast/testbed/engines/zookeeper/driver'
import { type CertificateFiles, locate, makeCertificate } from '@holdfast/testbed/os/certificate'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { takeAndLeave } from '../claims.fixture.ts'
import { zookeeper, zookeeperServers } from './index.ts'
import { ZookeeperStage } from './zookeeper.fixture.ts'

const stage = new ZookeeperStage()
const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
stage.keep(folder, (path) => rmSync(path, { recursive: true }))
let made: Awaited<ReturnType<typeof begin>> | undefined

beforeEach(async (context) => {
  await requireEngine(context, server)
  await requireAbility(context, locate)
  made ??= await begin()
})
afterAll(() => stage[Symbol.asyncDispose]())

/** A server with a port of each kind, which trusts one client. */
async function begin(): Promise<{ plain: number; secure: number; own: CertificateFiles; client: CertificateFiles }> {
  const own = await makeCertificate(folder)
  const client = await makeCertificate(folder, { name: 'client' })
  const { engine, securePort } = await stage.tlsServer({ own, trusted: client.certificate })
  return { plain: engine.port, secure: securePort, own, client }
}

function places(): NonNullable<typeof made> {
  if (made === undefined) throw new Error('there is no server')
  return made
}

test('both sides show certificates, as files of the URL or as texts', async () => {
  const { secure, own, client } = places()
  const address = `zookeepers://127.0.0.1:${secure}/tls`
  const files = `${address}?ca=${own.certificate}&cert=${client.certificate}&key=${client.key}`
  const store = await stage.opened(zookeeper(files))
  expect(await takeAndLeave(store, 'n!tls')).toBeGreaterThan(0n)
  const [ca, cert, key] = [own.certificate, client.certificate, client.key].map((path) => readFileSync(path))
  const tls = { ca: ca ?? '', cert: cert ?? '', key: key ?? '' }
  const other = await stage.opened(zookeeper(address, { tls }))
  expect((await other.look('n!tls')).claims).toEqual([])
  const { servers } = await zookeeperServers(address, { tls })
  expect(servers).toMatchObject([{ mode: 'standalone' }])
})

test('what is wrong with a certificate is told at once and for good', async () => {
  const { secure, own, client } = places()
  const address = `zookeepers://127.0.0.1:${secure}`
  const shown = `cert=${client.certificate}&key=${client.key}`
  const stranger = `cert=${own.certificate}&key=${own.key}`
  for (const [files, words] of [
    [shown, /shows a certificate that is not accepted.*self-signed certificate/],
    [`ca=${own.certificate}`, /does not accept the certificate of this program, or wants one/],
    [`ca=${own.certificate}&${stranger}`, /does not accept the certificate of this program/],
    [`ca=${folder}/missing.pem`, /file for "ca" of the URL cannot be read: ENOENT/],
  ] as const) {
    const opening = stage.opened(zookeeper(`${address}?${files}`))
    await expect(opening, files).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    await expect(opening).rejects.toThrow(words)
  }
})

test('the port for TLS and the plain port are named where they are mistaken for each other', async () => {
  const { plain, secure, own } = places()
  const crossed = stage.opened(zookeeper(`zookeeper://127.0.0.1:${secure}`))
  await expect(crossed).rejects.toThrow(/the server closed it.*its port for TLS \(write zookeepers:\)/)
  const opening = stage.opened(zookeeper(`zookeepers://127.0.0.1:${plain}?ca=${own.certificate}`))
  await expect(opening).rejects.toThrow(/before secure TLS connection was established.*\(secureClientPort\)/)
  await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: false })
})
