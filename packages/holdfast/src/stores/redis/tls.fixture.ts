/** A Redis that speaks TLS, with a certificate that was made for the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { releasePort, reservePort } from '@holdfast/testbed/engines/ports'
import { start } from '@holdfast/testbed/engines/redis/server'
import { locate, makeCertificate } from '@holdfast/testbed/os/certificate'
import type { Stage } from './redis.fixture.ts'

export interface TlsServer {
  /** Its plain port. */
  readonly engine: Engine
  readonly tlsPort: number
}

export const requireOpenssl = locate

export async function tlsServer(stage: Stage): Promise<TlsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
  stage.ending(() => rmSync(folder, { recursive: true, force: true }))
  const { key, certificate } = await makeCertificate(folder, { subject: '/CN=elsewhere.example', address: '192.0.2.1' })
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
