/**
 * A server that encrypts itself, with certificates of the machine's openssl.
 *
 * @module-tag real-time
 */
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { locate, makeCertificate } from '@holdfast/testbed/os/certificate'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { holdfast } from 'holdfast'
import { memory } from 'holdfast/memory'
import { lockServer } from './index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The status, and whom the certificate names, on a connection of its own. */
function asked(url: string, certFile: string): Promise<readonly [status: number | undefined, subject: string]> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/livez`, { ca: readFileSync(certFile), agent: false }, (answer) => {
      const { subject } = (answer.socket as TLSSocket).getPeerCertificate()
      answer.resume().on('end', () => resolve([answer.statusCode, String(subject.CN)]))
    })
    call.on('error', reject).end()
  })
}

test('it answers over TLS alone, beyond this machine too, and takes a renewed certificate without an end', async (context) => {
  await requireAbility(context, locate)
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) => makeCertificate(folder, { name, subject: `/CN=${name}` })),
  )
  if (first === undefined || second === undefined) throw new Error('two were made')
  for (const { key } of [first, second]) chmodSync(key, 0o600)
  const tls = { certFile: join(folder, 'live.pem'), keyFile: join(folder, 'live.key') }
  const put = ({ certificate, key }: typeof first): void => {
    cpSync(certificate, tls.certFile)
    cpSync(key, tls.keyFile)
  }
  put(first)
  const tokensFile = join(folder, 'tokens')
  writeFileSync(tokensFile, '', { mode: 0o600 })
  const locks = holdfast(memory())
  const open = { locks, namespace: 'default', listen: '0.0.0.0:0', tokensFile, tls }
  await expect(lockServer({ locks, namespace: 'default', listen: '0.0.0.0:0', tokensFile })).rejects.toThrow(
    '--tls-cert',
  )
  const server = await lockServer(open)
  const local = await lockServer({ ...open, listen: '127.0.0.1:0', dashboard: true })
  try {
    expect(server.url).toMatch(/^https:\/\/0\.0\.0\.0:/)
    expect(local.pageUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/#k=/)
    expect(await asked(local.url, first.certificate)).toEqual([200, 'first'])
    await expect(fetch(local.url.replace('https', 'http'))).rejects.toThrow('fetch failed')
    put(second)
    local.reload()
    expect(await asked(local.url, second.certificate)).toEqual([200, 'second'])
    writeFileSync(tls.certFile, 'nonsense')
    expect(() => local.reload()).toThrow('no certificate and its key in PEM')
    expect(await asked(local.url, second.certificate)).toEqual([200, 'second'])
    chmodSync(tls.keyFile, 0o604)
    expect(() => local.reload()).toThrow('must not be for every user')
  } finally {
    await Promise.all([server.close(0), local.close(0)])
    await locks.close()
  }
})
