/** The rights that a store needs, as objects for `kubectl apply`. */
import { Misuse } from '../../store/errors.ts'
import { namespaceOf } from './address.ts'

export interface KubernetesRoleOptions {
  /** The namespace of Kubernetes. @default `default` */
  readonly namespace?: string
  /** The service account that is bound to the Role. @default `default` */
  readonly serviceAccount?: string
}

export const VERBS: readonly string[] = ['get', 'list', 'watch', 'create', 'patch']

const SERVICE_ACCOUNT = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/

export function roleOf({ namespace = 'default', serviceAccount = 'default' }: KubernetesRoleOptions): string {
  if (typeof serviceAccount !== 'string' || !SERVICE_ACCOUNT.test(serviceAccount)) {
    throw new Misuse('the service account must be 1 to 253 lowercase letters, digits, dots, or hyphens between them')
  }
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: holdfast
  namespace: ${namespaceOf(namespace)}
rules:
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    verbs: [${VERBS.join(', ')}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: holdfast
  namespace: ${namespace}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: holdfast
subjects:
  - kind: ServiceAccount
    name: ${serviceAccount}
    namespace: ${namespace}
`
}
