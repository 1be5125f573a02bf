/** What the refusals of the API server of Kubernetes mean for a lock, by their code and reason. */
import { type EngineErrorKind, type EngineMeaning, engineError } from '../../store/engine-errors.ts'

/** The object of the kind Status, in which the API says why. */
export interface KubernetesStatus {
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly kind?: string }
}

export class KubernetesRefusal extends Error {
  readonly status: number
  readonly reason: string
  /** The kind of what was not found. */
  readonly of: string

  constructor(status: number, { reason = '', message = `it answered ${status}`, details = {} }: KubernetesStatus) {
    super(message)
    this.name = 'KubernetesRefusal'
    this.status = status
    this.reason = reason
    this.of = details.kind ?? ''
  }
}

const FAILED_INSIDE = 'failed inside, before the change or after it'

const MEANINGS: Readonly<Record<number, readonly [kind: EngineErrorKind, words: string]>> = {
  400: ['final', 'refused the request as malformed'],
  401: ['final', 'refused the login: its token or its certificate is wrong, or over'],
  403: [
    'final',
    'does not allow it to this user: kubernetesRole() has the Role that a store needs (docs/kubernetes.md)',
  ],
  404: ['final', 'does not have Leases under this address: is it an API server of Kubernetes?'],
  405: ['final', 'does not have Leases under this address: is it an API server of Kubernetes?'],
  408: ['unknown', 'did not answer in time'],
  409: ['passing', 'met another change of the same object'],
  410: ['passing', 'has forgotten the version that was asked for'],
  413: ['final', 'takes no objects of this length'],
  415: ['final', 'takes no merge patches: is it an API server of Kubernetes?'],
  422: ['final', 'refused the object as invalid'],
  429: ['passing', 'is asked for more than it takes (priority and fairness)'],
  500: ['unknown', FAILED_INSIDE],
  502: ['unknown', FAILED_INSIDE],
  503: ['unknown', FAILED_INSIDE],
  504: ['unknown', 'did not answer in time'],
}

export function isRefusal(error: unknown, status: number): error is KubernetesRefusal {
  return error instanceof KubernetesRefusal && error.status === status
}

/** `isRenewed`: the login is read again before the next request. */
export function kubernetesError(error: unknown, what: string, isRenewed = false): unknown {
  return engineError(error, {
    what,
    engine: 'Kubernetes',
    isUnsent: false,
    meaningOf: (each) => meaningOf(each, isRenewed),
  })
}

function meaningOf(error: unknown, isRenewed: boolean): EngineMeaning | undefined {
  if (!(error instanceof KubernetesRefusal)) return undefined
  const { status, reason, of } = error
  const code = reason === '' ? String(status) : `${status} ${reason}`
  if (status === 404 && of === 'namespaces') {
    return { kind: 'final', words: 'does not have the namespace: make it, or name another one', code }
  }
  if (status === 401 && isRenewed)
    return { kind: 'away', words: 'refused a token that is replaced in its file, or by its program', code }
  const [kind, words] = MEANINGS[status] ?? [status >= 500 ? 'unknown' : 'final', 'refused the request']
  return { kind, words, code }
}
