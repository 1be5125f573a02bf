/** The stand-in for Kubernetes in the tests of every command: what is no lock, in the place of one. */
import type { Engine } from '@holdfast/testbed/engines'
import { holdfast } from 'holdfast'
import { kubernetes } from 'holdfast/kubernetes'

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'

export function urlOfProxy([url = '']: readonly string[]): string {
  return url.replace('http:', 'kubernetes:')
}

/** In the place of the lock `bad`, which is taken once so that its Lease is there. */
export async function damageLease({ url }: Engine): Promise<void> {
  const locks = holdfast(kubernetes(urlOfProxy([url])))
  await locks.using('bad', () => undefined)
  await locks.close()
  const { items } = (await (await fetch(url + LEASES)).json()) as { readonly items: readonly { metadata: Metadata }[] }
  const { metadata } = items.find((lease) => lease.metadata.annotations['holdfast/line'] === 'default!bad') ?? {}
  await fetch(`${url}${LEASES}/${metadata?.name}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ metadata: { labels: { 'holdfast/idle': null }, annotations: { 'holdfast/record': 'x' } } }),
  })
}

interface Metadata {
  readonly name: string
  readonly annotations: Readonly<Record<string, string>>
}
