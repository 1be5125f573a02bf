/** What `holdfast doctor` asks of Kubernetes itself: its version, what this user may do, how many Leases are idle. */
import { type KubernetesNamespaceState, kubernetesNamespaceState } from 'holdfast/kubernetes'
import type { Finding } from './doctor-report.ts'

/** Without them nothing works; the others are for waiting and for lists. */
const NEEDED: ReadonlySet<string> = new Set(['get', 'create', 'patch'])
const IDLE_MANY = 1_000

/** Empty where the namespace cannot be looked at: the opening says why. */
export async function kubernetesFindings(url: string): Promise<readonly Finding[]> {
  const state = await kubernetesNamespaceState(url).catch(() => undefined)
  return state === undefined ? [] : [server(state), rights(state), idleLines(state)]
}

function server({ version, namespace, usedCount }: KubernetesNamespaceState): Finding {
  const seen = `${version}, namespace ${namespace}, ${usedCount} lines in use`
  return { level: 'ok', check: 'server', seen }
}

function rights({ missingVerbs }: KubernetesNamespaceState): Finding {
  if (missingVerbs.length === 0) return { level: 'ok', check: 'rights', seen: 'every verb on leases that is needed' }
  const isNeeded = missingVerbs.some((verb) => NEEDED.has(verb))
  const seen = `this user lacks ${missingVerbs.join(', ')} on leases`
  const effect = isNeeded ? 'No lock can be taken' : 'Waiters look by themselves, and nothing can be listed'
  const advice = `${effect}: grant the Role of holdfast schema kubernetes.`
  return { level: isNeeded ? 'problem' : 'note', check: 'rights', seen, advice }
}

function idleLines({ idleCount }: KubernetesNamespaceState): Finding {
  const finding = { check: 'idle-lines', seen: `${idleCount} lines that nobody uses` }
  if (idleCount < IDLE_MANY) return { ...finding, level: 'ok' }
  const advice = 'They stay until they are deleted (docs/kubernetes.md): kubectl delete lease -l holdfast/idle=true'
  return { ...finding, level: 'note', advice }
}
