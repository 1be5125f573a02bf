/** A claim as a text with which another process can go on. It is a secret: no error shows it. */
import { createHash } from 'node:crypto'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { Sequencer } from '../../lease/lease.ts'
import { formatSequencer, parseSequencer } from '../../lease/sequencer.ts'
import { Misuse } from '../../store/errors.ts'

const PREFIX = 'holdfast-handover:1/'
const TEXT_LENGTH_MAX = 1_400
const ID = /^[0-9a-f]{32}$/
const NUMBER = /^\d{1,10}$/

export interface HandedClaim extends Sequencer {
  readonly id: string
  readonly weight: number
  readonly capacity: number
}

export function formatHandOver(lease: HeldLease): string {
  const { weight, capacity } = lease.shape
  const { namespace, name, mode } = lease
  const sequencer = formatSequencer({ namespace, name, mode, token: lease.ref.token })
  return `${PREFIX}${sequencer}/${lease.ref.id}/${weight}/${capacity}`
}

/** Throws `Misuse` for every text that `formatHandOver` does not make. */
export function parseHandOver(text: string): HandedClaim {
  if (typeof text !== 'string' || text.length > TEXT_LENGTH_MAX || !text.startsWith(PREFIX)) throw notOne()
  const parts = text.slice(PREFIX.length).trim().split('/')
  const [id = '', weight = '', capacity = ''] = parts.slice(4)
  if (parts.length !== 7 || !ID.test(id) || !NUMBER.test(weight) || !NUMBER.test(capacity)) throw notOne()
  return { ...sequencerIn(parts.slice(0, 4)), id, weight: Number(weight), capacity: Number(capacity) }
}

/** The lock that the receiver holds beside the lease: of all that have the text one. */
export function adoptionName({ id }: Pick<HandedClaim, 'id'>): string {
  return `adopted:${createHash('sha256').update(id).digest('base64url')}`
}

function sequencerIn(parts: readonly string[]): Sequencer {
  try {
    return parseSequencer(parts.join('/'))
  } catch {
    throw notOne()
  }
}

function notOne(): Misuse {
  return new Misuse('this is no text of handOver(): it begins with holdfast-handover:1/ and is passed on unchanged')
}
