/** What is measured on every kind of servers that agree by a quorum. */
import type { Suite } from '../figure.ts'
import { quorumCrash } from './crash.ts'
import { quorumCrowd } from './crowd.ts'
import type { QuorumEngine } from './engine.ts'
import { quorumHandOff } from './hand-off.ts'
import { quorumPair } from './pair.ts'
import { quorumRenewal } from './renewal.ts'

export function quorumSuites(engine: QuorumEngine): readonly Suite[] {
  return [quorumPair, quorumHandOff, quorumCrowd, quorumRenewal, quorumCrash].map((make) => make(engine))
}
