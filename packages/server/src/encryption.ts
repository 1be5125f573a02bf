/** The socket of a server: plain, or with a certificate whose files are read again when they were renewed. */
import { readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import { Misuse } from 'holdfast'

export interface TlsFiles {
  /** PEM, with the certificates of its authorities behind it. */
  readonly certFile: string
  /** PEM, and not readable by every user of the machine. */
  readonly keyFile: string
}

export interface HttpSocket {
  readonly server: Server
  readonly protocol: 'http' | 'https'
  /** Takes the certificate as it is now, for connections from here on. Throws where it is none; then the one of before goes on. */
  reread(): void
}

const HEADER_BYTES_MAX = 16 * 1024
const HEADERS_MS_MAX = 10_000
const HANDSHAKE_MS_MAX = 10_000
/** Longer than proxies keep a connection, so that they end it and not we. */
const KEEP_ALIVE_MS = 75_000
const FOR_OTHER_USERS = 0o007

export function httpSocket(tls: TlsFiles | undefined): HttpSocket {
  const limits = { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_MS_MAX }
  if (tls === undefined) {
    const server = createServer(limits)
    server.keepAliveTimeout = KEEP_ALIVE_MS
    return { server, protocol: 'http', reread: () => undefined }
  }
  const server = createSecureServer({ ...limits, ...pairIn(tls), handshakeTimeout: HANDSHAKE_MS_MAX })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return { server, protocol: 'https', reread: () => server.setSecureContext(pairIn(tls)) }
}

function pairIn({ certFile, keyFile }: TlsFiles): { readonly cert: Buffer; readonly key: Buffer } {
  if ((statSync(keyFile).mode & FOR_OTHER_USERS) !== 0) {
    throw new Misuse(`the key ${keyFile} must not be for every user of the machine: chmod o-rwx`)
  }
  const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
  try {
    createSecureContext(pair)
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new Misuse(`${certFile} and ${keyFile} are no certificate and its key in PEM: ${words}`, { cause })
  }
  return pair
}
