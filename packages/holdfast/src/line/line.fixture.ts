/** Lines as the tests of the rules want them. */
import type { Claim, Ref } from '../store/claim.ts'
import { emptyLine, type Line } from './line.ts'
import { enterLine, type Moment } from './transition.ts'

export const scale = 1_767_225_600_000_000n
export const HOUR_MS = 3_600_000

export function at(nowMs: number): Moment {
  return { nowMs, tokenScaleUs: scale + BigInt(nowMs) * 1000n }
}

export function claim(id: string, changes: Partial<Claim> = {}): Claim {
  return {
    resource: 'n!r',
    id,
    weight: 1,
    capacity: 1,
    ttlMs: 10_000,
    queue: true,
    lockDelayMs: 0,
    note: '',
    owner: 'me',
    ...changes,
  }
}

export function ref(id: string, token?: bigint): Ref {
  return { resource: 'n!r', id, ...(token === undefined ? {} : { token }) }
}

/** A line that these claims entered one after the other, at time 0. */
export function lineOf(...claims: readonly Claim[]): Line {
  return claims.reduce((line, each) => enterLine(line, each, 'here', at(0)).line, emptyLine)
}
