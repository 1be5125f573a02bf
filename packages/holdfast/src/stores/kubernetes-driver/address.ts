/** What a URL for Kubernetes names: a namespace, and where the API server and the login are found. */
import { Misuse } from '../../store/errors.ts'

export interface KubernetesAddress {
  readonly namespace?: string
  /** `host:port` of a `kubectl proxy`, which logs in by itself. */
  readonly proxy?: string
  /** The path of a file. */
  readonly kubeconfig?: string
  readonly context?: string
  /** The folder in which a pod has its token, its authority and its namespace. */
  readonly serviceAccount?: string
}

const EXAMPLE =
  'kubernetes:NAMESPACE?context=NAME&kubeconfig=FILE, kubernetes:NAMESPACE?service-account=FOLDER, or ' +
  'kubernetes://localhost:8001/NAMESPACE for a kubectl proxy'
const FORM = /^kubernetes:(?:\/\/(?<host>[^/?#@]+))?\/?(?<namespace>[^/?#]*)(?:\?(?<query>[^#]*))?$/i
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+):(?<port>\d{1,5})$/i
const PORT_MAX = 65_535
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/
const PARAMETERS: ReadonlySet<string> = new Set(['context', 'kubeconfig', 'service-account'])

export function kubernetesAddressOf(url: string): KubernetesAddress {
  const { groups } = FORM.exec(url) ?? {}
  if (groups === undefined) throw wrong('is no URL for Kubernetes')
  const { host: proxy, namespace = '' } = groups
  const parameters = parametersIn(groups['query'])
  if (proxy !== undefined) {
    const port = Number(HOST.exec(proxy)?.groups?.['port'] ?? 0)
    if (port < 1 || port > PORT_MAX) throw wrong('has no host and port behind the //')
    if (parameters.size > 0) throw wrong('names a proxy, which knows the cluster and the login by itself')
  }
  const [kubeconfig, context] = [parameters.get('kubeconfig'), parameters.get('context')]
  const serviceAccount = parameters.get('service-account')
  if (serviceAccount !== undefined && parameters.size > 1) throw wrong('names both a service account and a kubeconfig')
  return {
    ...(namespace !== '' && { namespace: namespaceOf(namespace) }),
    ...(proxy !== undefined && { proxy }),
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(serviceAccount !== undefined && { serviceAccount }),
  }
}

export function namespaceOf(namespace: string): string {
  if (typeof namespace !== 'string' || !NAMESPACE.test(namespace)) {
    throw new Misuse('the namespace of Kubernetes must be 1 to 63 lowercase letters, digits, or hyphens between them')
  }
  return namespace
}

function parametersIn(query: string | undefined): ReadonlyMap<string, string> {
  const parameters = new Map(new URLSearchParams(query ?? ''))
  for (const [name, value] of parameters) {
    if (!PARAMETERS.has(name) || value === '') throw wrong(`takes only ${[...PARAMETERS].join(', ')} behind the ?`)
  }
  return parameters
}

function wrong(what: string): Misuse {
  return new Misuse(`the text ${what}. It looks like ${EXAMPLE}`)
}
