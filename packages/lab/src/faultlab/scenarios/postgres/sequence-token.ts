/** A naive lease whose token is the next number of a sequence. */
import type { OpenContender } from '../../traffic/contender.ts'
import { naiveLease } from './naive-lease.ts'

export const openContender: OpenContender = naiveLease({
  inserted: `nextval('naive_token')`,
  updated: 'excluded.token',
})
