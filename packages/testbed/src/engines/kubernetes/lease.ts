/** A Lease as the API has it: what is valid, what a merge patch makes of it, and which ones a selector means. */
import { badRequest, invalid } from './status.ts'

export interface Lease {
  readonly apiVersion: 'coordination.k8s.io/v1'
  readonly kind: 'Lease'
  readonly metadata: LeaseMetadata
  readonly spec: Readonly<Record<string, unknown>>
}

export interface LeaseMetadata {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  readonly creationTimestamp: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

const NAME = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/
const KEY = /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const LABEL = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
const ANNOTATIONS_BYTES_MAX = 256 * 1024
const INT32_MAX = 2 ** 31 - 1

/** Throws `StatusError` for what the API refuses. */
export function assertValid({ metadata, spec }: Lease): void {
  const { name, labels = {}, annotations = {} } = metadata
  const refuse = (field: string, why: string): never => {
    throw invalid(name, `${field}: ${why}`)
  }
  if (!NAME.test(name)) refuse('metadata.name', 'a lowercase RFC 1123 subdomain is needed')
  for (const [key, value] of [...Object.entries(labels), ...Object.entries(annotations)]) {
    if (!KEY.test(key)) refuse('metadata', `${key} is no qualified name`)
    if (typeof value !== 'string') throw badRequest(`the value of ${key} is no string`)
  }
  for (const [key, value] of Object.entries(labels)) if (!LABEL.test(value)) refuse('metadata.labels', key)
  const bytes = Buffer.byteLength(Object.entries(annotations).flat().join(''))
  if (bytes > ANNOTATIONS_BYTES_MAX) refuse('metadata.annotations', `must have at most ${ANNOTATIONS_BYTES_MAX} bytes`)
  const { acquireTime, holderIdentity, leaseDurationSeconds, leaseTransitions, renewTime } = spec
  if (holderIdentity !== undefined && (typeof holderIdentity !== 'string' || holderIdentity === '')) {
    refuse('spec.holderIdentity', 'must not be empty')
  }
  if (!isIntegerFrom(1, leaseDurationSeconds)) refuse('spec.leaseDurationSeconds', 'must be greater than 0')
  if (!isIntegerFrom(0, leaseTransitions)) refuse('spec.leaseTransitions', 'must be greater than or equal to 0')
  for (const time of [acquireTime, renewTime]) {
    if (time !== undefined && !(typeof time === 'string' && MICRO_TIME.test(time))) throw badRequest('no MicroTime')
  }
}

function isIntegerFrom(least: number, value: unknown): boolean {
  return value === undefined || (Number.isInteger(value) && Number(value) >= least && Number(value) <= INT32_MAX)
}

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** By `key`, `!key`, `key=value` and `key!=value`, all of them; of fields by the name alone. */
export function selectorOf(labels: string | null, fields: string | null): (lease: Lease) => boolean {
  const terms = (labels ?? '').split(',').filter((term) => term !== '')
  const name = fields === null ? undefined : /^metadata\.name==?(.+)$/.exec(fields)?.[1]
  if (fields !== null && fields !== '' && name === undefined)
    throw badRequest(`the field selector ${fields} is not known`)
  return ({ metadata }) =>
    (name === undefined || metadata.name === name) && terms.every((term) => meets(term, metadata.labels ?? {}))
}

function meets(term: string, labels: Readonly<Record<string, string>>): boolean {
  const [, key = '', sign, value] = /^([^=!]+)(!=|==?)(.*)$/.exec(term) ?? []
  if (sign !== undefined) return (labels[key] === value) !== (sign === '!=')
  return term.startsWith('!') ? !(term.slice(1) in labels) : term in labels
}
