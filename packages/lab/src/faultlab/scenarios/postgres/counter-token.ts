/** A naive lease whose token counts on from that of the row; its holder asks no clock of its own. */
import type { OpenContender } from '../../traffic/contender.ts'
import { naiveLease } from './naive-lease.ts'

export const openContender: OpenContender = naiveLease({ inserted: '1', updated: 'l.token + 1', asksNoClock: true })
