/** From an address to requests: the login is found, and a connection is set up that asks nothing yet. */
import type { StoreEnvironment } from '../../store/store.ts'
import { type KubernetesAddress } from './address.ts'
import { accessOf } from './access.ts'
import { KubernetesConnection } from './connection.ts'
import { kubernetesError } from './errors.ts'
import { KubernetesLogin } from './login.ts'
import { KubernetesRequests } from './requests.ts'

export interface OpenKubernetes {
  readonly requests: KubernetesRequests
  readonly namespace: string
  close(): void
}

export async function openKubernetes(
  address: KubernetesAddress,
  { bounded, clock }: Pick<StoreEnvironment, 'bounded' | 'clock'>,
): Promise<OpenKubernetes> {
  const access = await accessOf(address)
  const connection = connectionTo(access)
  const { namespace } = access
  const requests = new KubernetesRequests({ connection, login: new KubernetesLogin(access, clock), namespace, bounded })
  return { requests, namespace, close: () => connection.close() }
}

/** Certificates are read here, and may be none. */
function connectionTo(access: Awaited<ReturnType<typeof accessOf>>): KubernetesConnection {
  try {
    return new KubernetesConnection(access)
  } catch (error) {
    throw kubernetesError(error, 'opening')
  }
}
