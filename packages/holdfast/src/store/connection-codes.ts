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

/** Alerts with which a server refuses the certificate of this program, or that it shows none (RFC 8446, section 6.2). */
export const REFUSED_CERTIFICATE: RegExp =
  /^ERR_SSL_[\w/]+_ALERT_(?:(?:NO|BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_(?:REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED)$/

export const REFUSED_CERTIFICATE_WORDS: string =
  'does not accept the certificate of this program, or wants one: name a certificate that it trusts, and its key'
