/** A Redis that speaks TLS, with a certificate that was made for the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, which } from '@holdfast/testbed/engines/command'
import { type Engine, EngineNotAvailable } from '@holdfast/testbed/engines/engine'
import { releasePort, reservePort } from '@holdfast/testbed/engines/ports'
import { start } from '@holdfast/testbed/engines/redis/server'
import type { Stage } from './redis.fixture.ts'

export interface TlsServer {
  /** Its plain port. */
  readonly engine: Engine
  readonly tlsPort: number
}

/** Rejects with `EngineNotAvailable` where no certificate can be made. */
export async function requireOpenssl(): Promise<string> {
  const openssl = await which('openssl')
  if (openssl === undefined) throw new EngineNotAvailable('openssl', 'it is not installed')
  return openssl
}

export async function tlsServer(stage: Stage): Promise<TlsServer> {
  const openssl = await requireOpenssl()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
  stage.ending(() => rmSync(folder, { recursive: true, force: true }))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  await run(
    openssl,
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2'].concat([
      '-subj',
      '/CN=elsewhere.example',
    ]),
    { withinMs: 30_000 },
  )
  const tlsPort = await reservePort()
  stage.ending(() => releasePort(tlsPort))
  const engine = await start({
    config: {
      'tls-port': String(tlsPort),
      'tls-cert-file': certificate,
      'tls-key-file': key,
      'tls-auth-clients': 'no',
    },
  })
  stage.ending(() => engine.close())
  return { engine, tlsPort }
}
