/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in Leases of Kubernetes: one Lease a line, first come first served, waiters are notified. */
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { type KubernetesAddress, kubernetesAddressOf, namespaceOf } from '../kubernetes-driver/address.ts'
import { type KubernetesNamespaceState, namespaceStateOf } from '../kubernetes-driver/namespace-state.ts'
import { type KubernetesRoleOptions, roleOf } from '../kubernetes-driver/role.ts'
import { kubernetesStore } from './store.ts'

export type { KubernetesNamespaceState } from '../kubernetes-driver/namespace-state.ts'
export type { KubernetesRoleOptions } from '../kubernetes-driver/role.ts'

export interface KubernetesOptions {
  /**
   * The namespace of Kubernetes that the Leases are in. It must be there.
   *
   * @default that of the URL, else that of the pod or of the kubeconfig's context, else `default`
   */
  readonly namespace?: string
}

const URL_DEFAULT = 'kubernetes:'

/**
 * A store in Leases of Kubernetes. Without a URL the login is that of the pod, or that of the kubeconfig where this is no
 * pod. `kubernetes:shop?context=NAME&kubeconfig=FILE` names them, and `kubernetes://localhost:8001/shop` is a `kubectl proxy`.
 * `kubernetesRole()` has the rights that it needs. Opens nothing yet; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { holdfast } from 'holdfast'
 * import { kubernetes } from 'holdfast/kubernetes'
 *
 * const locks = holdfast({ store: kubernetes('kubernetes:shop') })
 * ```
 */
export function kubernetes(url: string = URL_DEFAULT, options: KubernetesOptions = {}): Store {
  return kubernetesStore(addressOf(url, options))
}

/**
 * The Role that a store needs, and its binding to a service account, as a text for `kubectl apply -f -`: for a person with
 * the right to grant it. Throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { kubernetesRole } from 'holdfast/kubernetes'
 *
 * console.log(kubernetesRole({ namespace: 'shop', serviceAccount: 'checkout' }))
 * ```
 */
export function kubernetesRole(options: KubernetesRoleOptions = {}): string {
  return roleOf(options)
}

/**
 * How the namespace of a URL is: for operators, and for `holdfast doctor`. It takes no lock and changes nothing. Rejects with
 * `StoreUnavailable` where it cannot be looked at; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { kubernetesNamespaceState } from 'holdfast/kubernetes'
 *
 * console.log((await kubernetesNamespaceState('kubernetes:shop')).missingVerbs)
 * ```
 */
export async function kubernetesNamespaceState(
  url: string = URL_DEFAULT,
  options: KubernetesOptions = {},
): Promise<KubernetesNamespaceState> {
  return await namespaceStateOf(addressOf(url, options))
}

function addressOf(url: string, { namespace }: KubernetesOptions): KubernetesAddress {
  if (typeof url !== 'string') throw new Misuse('kubernetes() takes a URL such as kubernetes:NAMESPACE')
  const address = kubernetesAddressOf(url)
  return namespace === undefined ? address : { ...address, namespace: namespaceOf(namespace) }
}
