/**
 * A sequencer (Burrows, "The Chubby lock service", 2006): what a third party must know of a lock, as one string. The
 * holder sends it along with a request; the receiver hands it to a guard. It proves nothing on its own: a sender that may
 * send one may forge one, so accept it only over a channel that is authenticated already.
 */
import { Misuse } from '../store/errors.ts'
import type { Fenced, Mode } from './lease.ts'
import { SEQUENCER_LENGTH_MAX, TOKEN_MAX } from '../store/limits.ts'
import { decodeName, encodeName } from '../store/names.ts'

const MODES: readonly Mode[] = ['exclusive', 'shared', 'permit']
const DECIMAL = /^[1-9][0-9]{0,18}$/

/**
 * `<namespace>/<name>/<mode>/<token>`, at most 1231 characters out of `A-Z a-z 0-9 - _ . : @ /`, so it goes unquoted
 * into an HTTP header, an environment variable or a URL query. The `%` of an encoded name becomes `@` here, because a
 * web server would decode it.
 */
export function formatSequencer(fenced: Fenced): string {
  const namespace = encodeName('namespace', fenced.namespace).replaceAll('%', '@')
  const name = encodeName('name', fenced.name).replaceAll('%', '@')
  return `${namespace}/${name}/${lockMode(fenced.mode)}/${fencingToken(fenced.token)}`
}

/** The reverse of `formatSequencer`. Throws `Misuse` for every text that it does not make, also for a second spelling of the same lock. */
export function parseSequencer(text: string): Fenced {
  if (typeof text !== 'string') throw new Misuse(`a sequencer must be a string, got ${typeof text}`)
  if (text.length > SEQUENCER_LENGTH_MAX) {
    throw new Misuse(`a sequencer has at most ${SEQUENCER_LENGTH_MAX} characters, got ${text.length}`)
  }
  const [namespace, name, mode, token, ...rest] = text.split('/')
  if (namespace === undefined || name === undefined || token === undefined || !DECIMAL.test(token) || rest.length > 0) {
    throw notASequencer(text)
  }
  const fenced: Fenced = Object.freeze({
    namespace: decodeName(namespace.replaceAll('@', '%')),
    name: decodeName(name.replaceAll('@', '%')),
    mode: lockMode(mode),
    token: fencingToken(BigInt(token)),
  })
  if (formatSequencer(fenced) !== text) throw notASequencer(text)
  return fenced
}

/** The token itself, when it is one: a bigint in 1..2^63-1. Numbers are refused, because above 2^53 they are not exact. */
export function fencingToken(token: unknown): bigint {
  if (typeof token !== 'bigint') throw new Misuse(`a fencing token must be a bigint, got ${typeof token}`)
  if (token < 1n || token > TOKEN_MAX) throw new Misuse('a fencing token must be in 1..9223372036854775807')
  return token
}

/** The mode itself, when it is one. */
export function lockMode(mode: unknown): Mode {
  const known = MODES.find((candidate) => candidate === mode)
  if (known === undefined) throw new Misuse(`the mode of a lock must be one of ${MODES.join(', ')}`)
  return known
}

function notASequencer(text: string): Misuse {
  return new Misuse(
    `not a sequencer: ${JSON.stringify(text.slice(0, 100))}; expected <namespace>/<name>/<mode>/<token>`,
  )
}
