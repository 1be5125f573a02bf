/** Where the API server is and how to log in: as a pod, by a kubeconfig, or behind a proxy that does it. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { StoreUnavailable } from '../../store/errors.ts'
import type { KubernetesAddress } from './address.ts'
import { kubeconfigAccess } from './kubeconfig.ts'
import type { LoginProgram } from './login-program.ts'

export interface KubernetesAccess {
  /** `https://host:port`, perhaps with a path. */
  readonly server: string
  readonly namespace: string
  /** In PEM, as are the certificate and the key. */
  readonly authority?: string
  readonly certificate?: string
  readonly key?: string
  /** The name in the certificate of the server, where it is not that of its host. */
  readonly serverName?: string
  readonly acceptsAnyCertificate?: boolean
  readonly token?: string
  /** A token that is replaced while it is used. */
  readonly tokenFile?: string
  /** Which prints one. */
  readonly program?: LoginProgram
}

const NAMESPACE_DEFAULT = 'default'
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const FILE_BYTES_MAX = 1024 * 1024

/** Reads files, and asks no server. */
export async function accessOf(address: KubernetesAddress): Promise<KubernetesAccess> {
  const access = await find(address)
  return { ...access, namespace: address.namespace ?? access.namespace }
}

async function find({ proxy, serviceAccount, kubeconfig, context }: KubernetesAddress): Promise<KubernetesAccess> {
  if (proxy !== undefined) return { server: `http://${proxy}`, namespace: NAMESPACE_DEFAULT }
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, KUBECONFIG } = process.env
  const isAskedFor = kubeconfig !== undefined || context !== undefined
  if (serviceAccount !== undefined || (!isAskedFor && KUBECONFIG === undefined && host !== undefined)) {
    return await podAccess(serviceAccount ?? SERVICE_ACCOUNT, host, port)
  }
  // Of several files only the first is read.
  const [first = ''] = (KUBECONFIG ?? '').split(':')
  const path = kubeconfig ?? (first === '' ? join(homedir(), '.kube', 'config') : first)
  return await kubeconfigAccess(path, context, (file) => textIn(file), NAMESPACE_DEFAULT)
}

async function podAccess(folder: string, host: string | undefined, port = '443'): Promise<KubernetesAccess> {
  if (host === undefined) {
    const message =
      'opening: this is no pod of Kubernetes (KUBERNETES_SERVICE_HOST is not set): name a kubeconfig instead'
    throw new StoreUnavailable(message, { isFinal: true })
  }
  const [authority, namespace] = await Promise.all([textIn(join(folder, 'ca.crt')), textIn(join(folder, 'namespace'))])
  const tokenFile = join(folder, 'token')
  await textIn(tokenFile)
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace.trim(),
    authority,
    tokenFile,
  }
}

export async function textIn(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8')
    if (text.length > FILE_BYTES_MAX) throw new Error('it is longer than 1 MiB')
    return text
  } catch (cause) {
    const message = `opening: Kubernetes needs the file ${path}, which cannot be read: run in a pod with a service account, or name a kubeconfig`
    throw new StoreUnavailable(message, { cause, isFinal: true })
  }
}
