/** What Kubernetes promises: by what the API server calls itself, and by what this user may do. */
import type { Facts } from '../../store/facts.ts'
import { observedFacts } from '../records/observed-facts.ts'

/** The stand-in of the tests, and those that others make. */
const EMULATED = /stand-in|fake|mock/i
/** It may keep its objects in SQLite, on one server. */
const SMALL = /\+k3s/i

export function kubernetesFactsOf(version: string, isDeaf: boolean): Facts {
  const isEmulated = EMULATED.test(version)
  const isSmall = SMALL.test(version)
  const observed = observedFacts('Lease', 'the namespace')
  return {
    ...observed,
    engine: isEmulated ? `Kubernetes (stand-in ${version})` : `Kubernetes ${version}`,
    safetyClass: isEmulated ? 'best-effort' : isSmall ? 'durable' : 'consensus',
    reasons: [
      ...(isEmulated
        ? ['A server for tests: it promises nothing about its disk.']
        : isSmall
          ? [
              'k3s may keep its objects in one SQLite, which the API does not tell: then the loss of that server is the loss of the locks.',
            ]
          : [
              'Every change is compared and set by etcd, which agrees on it by majority; of how many members, the API does not tell.',
            ]),
      ...(isDeaf
        ? ['This user may not list and watch Leases (docs/kubernetes.md), so waiters look by themselves.']
        : []),
      'What holds and waits in a line has at most 32 KiB; the next one is refused as full.',
    ],
    wakeUp: isDeaf ? 'poll' : 'push',
    lockRisks: [...observed.lockRisks, ...(isEmulated || isSmall ? [] : ['an etcd of one member that loses its disk'])],
  }
}
