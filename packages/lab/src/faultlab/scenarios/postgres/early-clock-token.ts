/** A naive lease whose token is the clock of the server, read before the row is locked. */
import type { OpenContender } from '../../traffic/contender.ts'
import { naiveLease } from './naive-lease.ts'

const CLOCK = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'

export const openContender: OpenContender = naiveLease({ inserted: CLOCK, updated: 'excluded.token' })
