/** Who may ask for what: the name that the server is called by, foreign pages, and the scopes of a bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { Misuse } from 'holdfast'
import { Refusal } from './refusal.ts'

export type Scope = 'read' | 'lock' | 'operate'

export interface Caller {
  /** For the audit: of the token file, or the beginning of what stands there. */
  readonly name: string
  readonly scopes: ReadonlySet<string>
  /** Only names that start with this. */
  readonly prefix: string
}

interface Bearer extends Caller {
  readonly digest: Buffer
}

const SCOPES: readonly string[] = ['read', 'lock', 'operate'] satisfies readonly Scope[]
export interface GateOptions {
  /** What a request may call the server, with its port. */
  readonly hosts: readonly string[]
  /** Without one only this machine gets in. */
  readonly tokensFile: string | undefined
  /** The secret of the page that the server shows to people; without one pages of browsers get nothing. */
  readonly pageKey: string | undefined
}

/** On this machine alone, without a token: an eviction always needs a secret. */
const LOCAL: Caller = { name: 'this machine', scopes: new Set(['read', 'lock']), prefix: '' }
/** Users beside its owner may read or write the file. */
const FOR_OTHERS = 0o077
/** Of a digest: enough to find its line, and nothing to ask with. */
const SHOWN_DIGITS = 8
const NO_PREFIX = '*'

export class Gate {
  readonly #hosts: ReadonlySet<string>
  readonly #own: readonly Bearer[]
  readonly #tokensFile: string | undefined
  #bearers: readonly Bearer[] = []
  readonly #needsToken: boolean
  readonly #hasPage: boolean

  constructor({ hosts, tokensFile, pageKey }: GateOptions) {
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()))
    const own =
      pageKey === undefined ? [] : [{ name: 'page', digest: digestOf(pageKey), scopes: new Set(SCOPES), prefix: '' }]
    this.#tokensFile = tokensFile
    this.#own = own
    this.reread()
    this.#needsToken = tokensFile !== undefined
    this.#hasPage = pageKey !== undefined
  }

  /** Takes the token file as it is now. Throws where it is not as it must be; then the tokens of before go on. */
  reread(): void {
    this.#bearers = this.#tokensFile === undefined ? this.#own : [...this.#own, ...bearersIn(this.#tokensFile)]
  }

  /** Before anything else, for every path: a page that was rebound to this address sends its own name. */
  checkOrigin(header: (name: string) => string | undefined): void {
    const host = header('host')?.toLowerCase() ?? ''
    if (!this.#hosts.has(host)) {
      throw new Refusal(
        'WRONG_HOST',
        'this server is called by another name: start it with --host NAME to allow this one',
      )
    }
    const [site, origin] = [header('sec-fetch-site'), header('origin')]
    if (site !== undefined && site !== 'none' && !(this.#hasPage && site === 'same-origin')) throw fromPage()
    if (origin !== undefined && !(this.#hasPage && this.#isOwn(origin, host))) throw fromPage()
  }

  /** The host was compared already; the origin of its page is that very host. */
  #isOwn(origin: string, host: string): boolean {
    return origin.toLowerCase() === `http://${host}` || origin.toLowerCase() === `https://${host}`
  }

  caller(authorization: string | undefined): Caller {
    if (!this.#needsToken && authorization === undefined) return LOCAL
    const secret = /^Bearer ([\x21-\x7e]{1,500})$/i.exec(authorization ?? '')?.[1]
    const digest = digestOf(secret ?? '')
    // Each is compared, so that the time says nothing about which one fits.
    const [found] = this.#bearers.filter((bearer) => timingSafeEqual(bearer.digest, digest))
    if (secret === undefined || found === undefined) {
      throw new Refusal('UNAUTHENTICATED', 'send a token of the token file: Authorization: Bearer TOKEN')
    }
    return found
  }
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function fromPage(): Refusal {
  return new Refusal('FORBIDDEN', 'pages of browsers may not ask this server, but for its own page')
}

export function allow(caller: Caller, scope: Scope, name: string): void {
  if (!caller.scopes.has(scope)) {
    throw new Refusal('FORBIDDEN', `this needs the scope "${scope}": give it to a token in the token file (--tokens)`)
  }
  if (!name.startsWith(caller.prefix)) throw new Refusal('FORBIDDEN', 'the token is for names of another prefix')
}

/** Lines of `SHA256-OF-TOKEN scope,scope [prefix [name]]`; the tokens themselves stand nowhere. */
function bearersIn(path: string): readonly Bearer[] {
  if ((statSync(path).mode & FOR_OTHERS) !== 0)
    throw new Misuse('the token file must be for its owner alone: chmod 600')
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    if (/^\s*(?:#|$)/.test(line)) return []
    const [digest = '', scopes = '', given = '', name = digest.slice(0, SHOWN_DIGITS)] = line.trim().split(/\s+/)
    const named = scopes.split(',')
    if (!/^[0-9a-f]{64}$/.test(digest) || !named.every((scope) => SCOPES.includes(scope))) {
      throw new Misuse(`line ${index + 1} of the token file must be: SHA256 ${SCOPES.join(',')} [PREFIX [NAME]]`)
    }
    // So that a token for all names can have a name of its own.
    const prefix = given === NO_PREFIX ? '' : given
    return [{ name, digest: Buffer.from(digest, 'hex'), scopes: new Set(named), prefix }]
  })
}
