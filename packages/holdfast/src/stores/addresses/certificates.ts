/** Certificates for one connection: texts that the program gave, and files that a URL names, as they are now. */
import { readFile } from 'node:fs/promises'
import type { SecureContextOptions } from 'node:tls'
import { driversWords } from '../../store/drivers-words.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { CertificateFiles } from './member-list.ts'

/** Certificates as texts in PEM, instead of files that the URL names. */
export interface CertificateTexts {
  /** Authorities that the certificates of the members are judged by. @default those of Node */
  readonly ca?: string | Uint8Array
  /** The certificate that this program shows. @default none */
  readonly cert?: string | Uint8Array
  /** The key of `cert`. */
  readonly key?: string | Uint8Array
}

export async function certificatesOf(files: CertificateFiles, texts: CertificateTexts): Promise<SecureContextOptions> {
  const certificates: Record<string, string | Uint8Array> = { ...texts }
  for (const [name, path] of Object.entries(files as Readonly<Record<string, string>>)) {
    certificates[name] = await readFile(path).catch((cause: unknown) => {
      throw new StoreUnavailable(`the file for "${name}" of the URL cannot be read: ${driversWords(cause)}`, {
        isFinal: true,
      })
    })
  }
  return certificates
}
