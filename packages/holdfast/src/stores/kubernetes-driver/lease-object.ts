/** A Lease as it is written and read: a record in an annotation, and what people see of it with kubectl. */
import { instant } from '../../time/instant.ts'
import { leaseNameOf } from './lease-name.ts'
import type { KubernetesLease } from './requests.ts'

const [LINE, RECORD, NOTICES] = ['holdfast/line', 'holdfast/record', 'holdfast/notices']
const [MANAGED, IDLE] = ['app.kubernetes.io/managed-by', 'holdfast/idle']
/** Selectors of labels. */
export const OURS: string = `${MANAGED}=holdfast`
export const USED: string = `${OURS},!${IDLE}`
export const UNUSED: string = `${OURS},${IDLE}`

export interface ShownHolder {
  readonly identity: string
  readonly ttlMs: number
  readonly token: string
  /** Another one with each renewal. */
  readonly beat: string
}

export interface LeaseChange {
  /** The version of the Lease that is changed. @default it is made */
  readonly seen: string | undefined
  readonly text: string
  readonly isIdle: boolean
  readonly holder: ShownHolder | undefined
  /** To processes, as text. */
  readonly notices: readonly (readonly [channel: string, text: string])[]
  readonly wallMs: number
}

/** What a writer has to know of a Lease beside its text; it travels in the version. */
interface SeenLease {
  readonly resourceVersion: string
  readonly transitions: number
  readonly token: string
  readonly beat: string
  readonly acquireTime: string
  readonly renewTime: string
}

/** A field that is absent in what is made, and `null` in a patch. */
type Optional = <Value>(value: Value | undefined) => Value | null | undefined

/** A Lease to make, or a patch that is refused unless the Lease is still the one seen. */
export function leaseOf(key: string, change: LeaseChange): object {
  const { isIdle, notices, text } = change
  const seen = change.seen === undefined ? undefined : (JSON.parse(change.seen) as SeenLease)
  const optional: Optional = (value) => value ?? (seen === undefined ? undefined : null)
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: leaseNameOf(key),
      ...(seen !== undefined && { resourceVersion: seen.resourceVersion }),
      labels: { [MANAGED]: 'holdfast', [IDLE]: optional(isIdle ? 'true' : undefined) },
      annotations: {
        [LINE]: key,
        [RECORD]: text,
        [NOTICES]: optional(notices.length > 0 ? JSON.stringify(notices) : undefined),
      },
    },
    spec: specOf(change, seen, optional),
  }
}

function specOf({ holder, wallMs }: LeaseChange, seen: SeenLease | undefined, optional: Optional): object {
  const transitions = seen?.transitions ?? 0
  if (holder === undefined) {
    const nobody = { holderIdentity: optional(undefined), leaseDurationSeconds: optional(undefined) }
    return {
      ...nobody,
      acquireTime: optional(undefined),
      renewTime: optional(undefined),
      leaseTransitions: transitions,
    }
  }
  const now = instant(wallMs).toISOString().replace('Z', '000Z')
  const isSame = holder.token === seen?.token
  return {
    holderIdentity: holder.identity,
    leaseDurationSeconds: Math.max(1, Math.round(holder.ttlMs / 1000)),
    acquireTime: isSame ? seen.acquireTime : now,
    renewTime: isSame && holder.beat === seen.beat ? seen.renewTime : now,
    leaseTransitions: isSame ? transitions : transitions + 1,
  }
}

/** `undefined` for a Lease of another program, or of another line. */
export function recordIn({ metadata }: KubernetesLease, key: string): string | undefined {
  const { annotations = {} } = metadata
  return annotations[LINE] === key ? annotations[RECORD] : undefined
}

export function versionOf({ metadata, spec = {} }: KubernetesLease, holder: ShownHolder | undefined): string {
  const { leaseTransitions: transitions = 0, acquireTime = '', renewTime = '' } = spec
  const { token, beat } = holder ?? { token: '', beat: '' }
  const seen: SeenLease = {
    resourceVersion: metadata.resourceVersion,
    transitions,
    token,
    beat,
    acquireTime,
    renewTime,
  }
  return JSON.stringify(seen)
}

export function lineIn({ metadata }: KubernetesLease): string | undefined {
  return metadata.annotations?.[LINE]
}

/** Of the last change. */
export function noticesIn({ metadata }: KubernetesLease): LeaseChange['notices'] {
  try {
    const notices: unknown = JSON.parse(metadata.annotations?.[NOTICES] ?? '[]')
    return Array.isArray(notices) ? notices.filter(isNotice) : []
  } catch {
    // Another program wrote it.
    return []
  }
}

function isNotice(each: unknown): each is [string, string] {
  return Array.isArray(each) && each.length === 2 && each.every((text) => typeof text === 'string')
}
