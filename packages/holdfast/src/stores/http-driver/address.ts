/** Where a Holdfast server is, and by which token it knows this program. */
import { readFileSync } from 'node:fs'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'

export interface SeamAddress {
  readonly base: URL
  /** The token of the request that is about to be sent: one in a file may have been replaced. */
  token(): string | undefined
}

const EXAMPLE = 'http://127.0.0.1:4653 or https://locks.example:443?token-file=PATH'
/** As a header may carry it, and as the server takes it. */
const TOKEN = /^[\x21-\x7e]{1,500}$/

export function seamAddressOf(
  url: string,
  { token, tokenFile }: { readonly token?: string | undefined; readonly tokenFile?: string | undefined },
): SeamAddress {
  const base = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (base === undefined || !/^https?:$/.test(base.protocol)) throw wrong('is no URL for a Holdfast server')
  // Log files keep URLs, and so do lists of processes.
  if (base.username !== '' || base.password !== '') throw wrong('has a user in it: give the token in a file instead')
  const file = fileIn(base.searchParams) ?? tokenFile
  base.search = ''
  base.hash = ''
  if (token !== undefined && file !== undefined) throw new Misuse('http() takes a token or a file with it, not both')
  if (token !== undefined && !TOKEN.test(token)) throw new Misuse('the token must be 1 to 500 visible ASCII characters')
  return { base, token: () => token ?? (file === undefined ? undefined : tokenIn(file)) }
}

function fileIn(parameters: URLSearchParams): string | undefined {
  const [name, ...others] = parameters.keys()
  if (name === undefined) return undefined
  const file = parameters.get('token-file') ?? ''
  if (others.length > 0 || file === '') throw wrong('takes only token-file behind the ?')
  return file
}

function tokenIn(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new StoreUnavailable('the file with the token for the Holdfast server cannot be read', {
      cause,
      isFinal: true,
    })
  }
  if (TOKEN.test(text)) return text
  throw new StoreUnavailable('the file with the token for the Holdfast server has no token in it', { isFinal: true })
}

function wrong(what: string): Misuse {
  return new Misuse(`the text ${what}. It looks like ${EXAMPLE}`)
}
