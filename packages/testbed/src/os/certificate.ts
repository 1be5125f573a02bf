/** A certificate that signs itself, made by openssl for a test. A client that is to believe it takes it for its authority. */
import { join } from 'node:path'
import { run, which } from '../engines/command.ts'
import { EngineNotAvailable } from '../engines/engine.ts'

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

export interface CertificateOptions {
  /** The beginning of both files' names. @default 'server' */
  readonly name?: string
  /** @default '/CN=localhost' */
  readonly subject?: string
  /** @default '127.0.0.1' */
  readonly address?: string
}

const MAKE_WITHIN_MS = 30_000

/** Rejects with `EngineNotAvailable` where no certificate can be made. */
export async function locate(): Promise<string> {
  const openssl = await which('openssl')
  if (openssl === undefined) throw new EngineNotAvailable('openssl', 'it is not installed')
  return openssl
}

/** In PEM, good for two days. */
export async function makeCertificate(folder: string, options: CertificateOptions = {}): Promise<CertificateFiles> {
  const { name = 'server', subject = '/CN=localhost', address = '127.0.0.1' } = options
  const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const making = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', subject, '-addext', `subjectAltName=IP:${address}`]
  await run(await locate(), [...making, '-keyout', key, '-out', certificate, ...names], { withinMs: MAKE_WITHIN_MS })
  return { certificate, key }
}
