/** Codes of Node with which a connection fails before anything can have been sent over it. */
export const NOT_REACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
])

/** What Node says of a certificate before anything is sent (nodejs.org/api/tls.html, X509 certificate error codes). */
export const CERTIFICATE: RegExp =
  /^(?:CERT_|CRL_|UNABLE_TO_(?:GET|VERIFY|DECRYPT|DECODE)_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|INVALID_(?:CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|ERR_TLS_CERT_)/

export const CERTIFICATE_WORDS: string =
  'shows a certificate that is not accepted: use the host name that stands in it, and for a certificate of your own ' +
  'name its authority (NODE_EXTRA_CA_CERTS)'
