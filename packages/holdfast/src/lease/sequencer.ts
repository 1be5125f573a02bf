/**
 * A sequencer (Burrows, "The Chubby lock service", 2006): what a third party must know of a lock, as one string. The
 * holder sends it along with a request; the receiver accepts it and hands it to a guard. It proves nothing by itself:
 * its sender may have changed every part of it. So the receiver states which lock its resource is under, and in which
 * mode it lets the sender in; of the text only the token is taken.
 */
import { Misuse } from '../store/errors.ts'
import type { Fenced, Mode, Sequencer } from './lease.ts'
import { SEQUENCER_LENGTH_MAX, TOKEN_MAX } from '../store/limits.ts'
import { decodeName, encodeName } from '../store/names.ts'

const MODES: readonly Mode[] = ['exclusive', 'shared', 'permit']
const DECIMAL = /^[1-9][0-9]{0,18}$/

/**
 * `<namespace>/<name>/<mode>/<token>`, at most 1231 characters out of `A-Z a-z 0-9 - _ . : @ /`, so it goes unquoted
 * into an HTTP header, an environment variable or a URL query. The `%` of an encoded name becomes `@` here, because a
 * web server would decode it.
 */
export function formatSequencer(sequencer: Sequencer): string {
  const namespace = encodeName('namespace', sequencer.namespace).replaceAll('%', '@')
  const name = encodeName('name', sequencer.name).replaceAll('%', '@')
  return `${namespace}/${name}/${lockMode(sequencer.mode)}/${fencingToken(sequencer.token)}`
}

/**
 * The reverse of `formatSequencer`. Throws `Misuse` for every text that it does not make, also for a second spelling of
 * the same lock. What it returns is what the text says; to hand it to a guard, accept it: `acceptSequencer`.
 */
export function parseSequencer(text: string): Sequencer {
  if (typeof text !== 'string') throw new Misuse(`a sequencer must be a string, got ${typeof text}`)
  if (text.length > SEQUENCER_LENGTH_MAX) {
    throw new Misuse(`a sequencer has at most ${SEQUENCER_LENGTH_MAX} characters, got ${text.length}`)
  }
  const [namespace, name, mode, token, ...rest] = text.split('/')
  if (namespace === undefined || name === undefined || token === undefined || !DECIMAL.test(token) || rest.length > 0) {
    throw notASequencer(text)
  }
  const sequencer: Sequencer = Object.freeze({
    namespace: decodeName(namespace.replaceAll('@', '%')),
    name: decodeName(name.replaceAll('@', '%')),
    mode: lockMode(mode),
    token: fencingToken(BigInt(token)),
  })
  if (formatSequencer(sequencer) !== text) throw notASequencer(text)
  return sequencer
}

/** What the receiver of a sequencer knows by itself: the lock over its resource, and the mode this request needs. */
export interface ExpectedLock {
  readonly namespace: string
  readonly name: string
  /** `exclusive` for whatever writes; `shared` lets a reader in, whose token is compared and raises no mark. */
  readonly mode: 'exclusive' | 'shared'
}

/**
 * Turns the text of a sequencer into a holder for a guard, if it is of exactly this lock and mode; throws `Misuse`
 * otherwise. Only the token is taken from the text, and nothing proves it: accept sequencers from authenticated
 * senders alone, and ask `locks.check(text)` first where a sender may lie.
 *
 * @example
 * const holder = acceptSequencer(request.headers['holdfast-sequencer'], { namespace: 'shop', name: `seat:${seat}`, mode: 'exclusive' })
 * guard.run(holder, (db) => sell(db, seat))
 */
export function acceptSequencer(text: string, expected: ExpectedLock): Fenced {
  const { namespace, name, token } = parseSequencer(text)
  const { mode } = expected
  if (mode !== 'exclusive' && mode !== 'shared') {
    throw new Misuse('a sequencer is accepted as exclusive or as shared: the token of a permit says nothing to a guard')
  }
  // Both are written in the one spelling there is, so this compares namespace, name and mode, and nothing else.
  if (formatSequencer({ ...expected, token }) !== text) {
    throw new Misuse(`the sequencer is not of the lock expected here, "${expected.name}" in ${mode} mode`, {
      resource: expected.name,
    })
  }
  return Object.freeze({ namespace, name, mode, token, assertHeld: () => undefined })
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
