/** The requests that are made of Kubernetes: each is sent once, ends with its limit of time, and fails with an error of ours. */
import type { StoreEnvironment } from '../../store/store.ts'
import type { Following, KubernetesConnection, KubernetesRequest } from './connection.ts'
import { isRefusal, kubernetesError } from './errors.ts'
import type { KubernetesLogin } from './login.ts'

/** A Lease as far as it is used. */
export interface KubernetesLease {
  readonly metadata: {
    readonly name: string
    readonly resourceVersion: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: {
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

interface LeasePage {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: readonly KubernetesLease[]
}

export interface KubernetesParts {
  readonly connection: KubernetesConnection
  readonly login: KubernetesLogin
  readonly namespace: string
  readonly bounded: StoreEnvironment['bounded']
}

type UnsignedRequest = Omit<KubernetesRequest, 'headers'>

const PAGE_LENGTH = 200
/** Whose change it was, in the object itself. */
const MANAGER = 'fieldManager=holdfast'
const RULES = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews'

export class KubernetesRequests {
  readonly #parts: KubernetesParts
  readonly #leases: string

  constructor(parts: KubernetesParts) {
    this.#parts = parts
    this.#leases = `/apis/coordination.k8s.io/v1/namespaces/${parts.namespace}/leases`
  }

  /** `undefined` where there is none. */
  async get(name: string, what: string): Promise<KubernetesLease | undefined> {
    return await this.#lease([404], { method: 'GET', path: `${this.#leases}/${name}` }, what)
  }

  /** `undefined` where there is one already. */
  async create(lease: object): Promise<KubernetesLease | undefined> {
    return await this.#lease(
      [409],
      { method: 'POST', path: `${this.#leases}?${MANAGER}`, body: lease },
      'making a line',
    )
  }

  /** `undefined` where it is another version now, or gone. */
  async patch(name: string, body: object): Promise<KubernetesLease | undefined> {
    const path = `${this.#leases}/${name}?${MANAGER}`
    return await this.#lease([404, 409], { method: 'PATCH', path, body }, 'changing a line')
  }

  /** All of a selector, page by page, and at the end whether that were all. */
  async *pages(
    labelSelector: string,
    pagesMax: number,
    what: string,
  ): AsyncGenerator<readonly KubernetesLease[], 'all' | 'more'> {
    let begin = {}
    for (let page = 0; page < pagesMax; page += 1) {
      const path = this.#pathOf({ labelSelector, limit: String(PAGE_LENGTH), ...begin })
      const { items, metadata } = (await this.#asked({ method: 'GET', path }, what)) as LeasePage
      yield items
      if (metadata.continue === undefined || metadata.continue === '') return 'all'
      begin = { continue: metadata.continue }
    }
    return 'more'
  }

  /** Behind which a watch begins now; `undefined` where this user may not list. */
  async newestVersion(labelSelector: string, what: string): Promise<string | undefined> {
    try {
      const page = await this.#ask({ method: 'GET', path: this.#pathOf({ labelSelector, limit: '1' }) }, what)
      return (page as LeasePage).metadata.resourceVersion
    } catch (error) {
      if (isRefusal(error, 403)) return undefined
      throw this.#translated(error, what)
    }
  }

  /** Resolves when the server watches, or refuses it to this user, or has forgotten the version. */
  async follow(
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
    onLine: (line: string) => void,
  ): Promise<Following | 'forbidden' | 'gone'> {
    const { connection, login, bounded } = this.#parts
    const what = 'watching lines'
    try {
      const headers = await bounded(login.headers(), what)
      const asked: KubernetesRequest = { method: 'GET', path: this.#pathOf(query), headers }
      return await bounded(connection.follow(asked, signal, onLine), what)
    } catch (error) {
      if (isRefusal(error, 403)) return 'forbidden'
      if (isRefusal(error, 410)) return 'gone'
      throw this.#translated(error, what)
    }
  }

  /** As the server calls itself. */
  async version(what: string): Promise<string> {
    const { gitVersion } = (await this.#asked({ method: 'GET', path: '/version' }, what)) as { gitVersion?: unknown }
    return typeof gitVersion === 'string' ? gitVersion : 'of an unknown version'
  }

  /** What this user may do with Leases here; `*` is everything. */
  async verbs(what: string): Promise<readonly string[]> {
    const spec = { namespace: this.#parts.namespace }
    const body = { kind: 'SelfSubjectRulesReview', apiVersion: 'authorization.k8s.io/v1', spec }
    const answer = (await this.#asked({ method: 'POST', path: RULES, body }, what)) as RulesReview
    const rules = answer.status?.resourceRules ?? []
    return rules.flatMap(({ verbs, apiGroups = [], resources = [] }) => {
      const fits = apiGroups.some(isOf('coordination.k8s.io')) && resources.some(isOf('leases'))
      return fits ? verbs : []
    })
  }

  /** `undefined` where the server answers with one of these. */
  async #lease(
    statuses: readonly number[],
    asked: UnsignedRequest,
    what: string,
  ): Promise<KubernetesLease | undefined> {
    try {
      return (await this.#ask(asked, what)) as KubernetesLease
    } catch (error) {
      const isOne = statuses.some((status) => isRefusal(error, status) && error.of !== 'namespaces')
      if (isOne) return undefined
      throw this.#translated(error, what)
    }
  }

  async #asked(asked: UnsignedRequest, what: string): Promise<unknown> {
    try {
      return await this.#ask(asked, what)
    } catch (error) {
      throw this.#translated(error, what)
    }
  }

  async #ask(asked: UnsignedRequest, what: string): Promise<unknown> {
    const { connection, login, bounded } = this.#parts
    const late = new AbortController()
    try {
      const headers = await bounded(login.headers(), what)
      return await bounded(connection.ask({ ...asked, headers }, late.signal), what)
    } finally {
      late.abort()
    }
  }

  #pathOf(query: Readonly<Record<string, string>>): string {
    return `${this.#leases}?${new URLSearchParams(query).toString()}`
  }

  #translated(error: unknown, what: string): unknown {
    if (isRefusal(error, 401)) this.#parts.login.forget()
    return kubernetesError(error, what, this.#parts.login.isRenewed)
  }
}

interface RulesReview {
  readonly status?: {
    readonly resourceRules?: readonly {
      readonly verbs: readonly string[]
      readonly apiGroups?: readonly string[]
      readonly resources?: readonly string[]
    }[]
  }
}

function isOf(name: string): (each: string) => boolean {
  return (each) => each === name || each === '*'
}
