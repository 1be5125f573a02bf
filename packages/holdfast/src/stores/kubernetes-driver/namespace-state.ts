/** How a namespace is, for operators: what is kept there, and what this user may do. Nothing is changed. */
import { environmentOf, timersOf } from '../../store/environment.ts'
import { systemClock } from '../../time/clock.ts'
import type { KubernetesAddress } from './address.ts'
import { UNUSED, USED } from './lease-object.ts'
import { openKubernetes } from './open.ts'
import type { KubernetesRequests } from './requests.ts'
import { VERBS } from './role.ts'

/** More are not counted. */
const PAGES_MAX = 50

export interface KubernetesNamespaceState {
  /** As the server calls itself. */
  readonly version: string
  readonly namespace: string
  /** Lines that are held or waited in, up to 10,000. */
  readonly usedCount: number
  /** Lines that nobody uses, up to 10,000. */
  readonly idleCount: number
  /** Verbs on Leases that this user lacks. */
  readonly missingVerbs: readonly string[]
}

export async function namespaceStateOf(address: KubernetesAddress): Promise<KubernetesNamespaceState> {
  const environment = environmentOf(systemClock, timersOf(systemClock), new AbortController().signal)
  const { requests, namespace, close } = await openKubernetes(address, environment)
  const what = 'looking at the namespace'
  try {
    const verbs = await requests.verbs(what)
    return {
      version: await requests.version(what),
      namespace,
      usedCount: await countOf(requests, USED, what),
      idleCount: await countOf(requests, UNUSED, what),
      missingVerbs: VERBS.filter((verb) => !verbs.includes(verb) && !verbs.includes('*')),
    }
  } finally {
    close()
  }
}

async function countOf(requests: KubernetesRequests, labelSelector: string, what: string): Promise<number> {
  let count = 0
  for await (const items of requests.pages(labelSelector, PAGES_MAX, what)) count += items.length
  return count
}
