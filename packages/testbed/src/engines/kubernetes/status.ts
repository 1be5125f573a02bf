/** What the API answers with where it does not do what was asked: an object of the kind Status, in the API's own form. */

export class StatusError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: object | undefined

  constructor(code: number, reason: string, message: string, details?: object) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }

  get status(): object {
    const { code, reason, message, details } = this
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code, details }
  }
}

const LEASES = 'leases.coordination.k8s.io'

export function notFound(name: string): StatusError {
  const details = { name, group: 'coordination.k8s.io', kind: 'leases' }
  return new StatusError(404, 'NotFound', `${LEASES} "${name}" not found`, details)
}

export function namespaceNotFound(name: string): StatusError {
  return new StatusError(404, 'NotFound', `namespaces "${name}" not found`, { name, kind: 'namespaces' })
}

export function alreadyExists(name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${LEASES} "${name}" already exists`)
}

export function conflict(name: string): StatusError {
  const words = 'the object has been modified; please apply your changes to the latest version and try again'
  return new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${LEASES} "${name}": ${words}`)
}

export function expired(asked: number, oldest: number): StatusError {
  return new StatusError(410, 'Expired', `too old resource version: ${asked} (${oldest})`)
}

export function invalid(name: string, why: string): StatusError {
  return new StatusError(422, 'Invalid', `Lease.coordination.k8s.io "${name}" is invalid: ${why}`)
}

export function badRequest(why: string): StatusError {
  return new StatusError(400, 'BadRequest', why)
}

export function forbidden(user: string, verb: string, namespace: string): StatusError {
  const what = `cannot ${verb} resource "leases" in API group "coordination.k8s.io" in the namespace "${namespace}"`
  return new StatusError(403, 'Forbidden', `${LEASES} is forbidden: User "${user}" ${what}`)
}
