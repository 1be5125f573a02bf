/** Who asks a stand-in, by a token or a certificate, and what that user may do: verbs on Leases, as a Role gives them. */
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { StandInUser } from './settings.ts'
import { forbidden, StatusError } from './status.ts'

export class Users {
  readonly #users: readonly StandInUser[] | undefined

  constructor(users: readonly StandInUser[] | undefined) {
    this.#users = users
  }

  /** `undefined` where no login is needed. Throws 401 for a stranger. */
  userOf(request: IncomingMessage): StandInUser | undefined {
    if (this.#users === undefined) return undefined
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const common = commonNameIn(request)
    const found = this.#users.find((user) =>
      user.token === undefined ? user.name === common : token !== undefined && user.token === token,
    )
    if (found === undefined) throw new StatusError(401, 'Unauthorized', 'Unauthorized')
    return found
  }

  /** Throws 403, in the words of the API. */
  assertMay(user: StandInUser | undefined, verb: string, namespace: string): void {
    if (user !== undefined && !user.verbs.includes(verb)) throw forbidden(user.name, verb, namespace)
  }
}

function commonNameIn({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const name: unknown = socket.getPeerCertificate().subject?.CN
  return typeof name === 'string' ? name : undefined
}

/** The answer to a SelfSubjectRulesReview. */
export function rulesOf(user: StandInUser | undefined): object {
  const verbs = user?.verbs ?? ['*']
  const resourceRules = verbs.length === 0 ? [] : [{ verbs, apiGroups: ['coordination.k8s.io'], resources: ['leases'] }]
  return {
    kind: 'SelfSubjectRulesReview',
    apiVersion: 'authorization.k8s.io/v1',
    status: { incomplete: false, nonResourceRules: [], resourceRules },
  }
}
