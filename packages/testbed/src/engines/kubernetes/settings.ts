/** How a stand-in for the API server of Kubernetes is set up: what its program reads when it starts. */

export interface StandInSettings {
  readonly address: string
  readonly port: number
  /** Where each change is written, a line each. */
  readonly log: string
  readonly namespaces: readonly string[]
  /** Changes that a watch can still begin behind; an older beginning is gone (410), as after a compaction. */
  readonly historyLength: number
  /** @default requests need no login */
  readonly users?: readonly StandInUser[]
  /** Paths of files in PEM. @default plain HTTP */
  readonly tls?: StandInTls
}

/** Rights are on the leases of every namespace. */
export interface StandInUser {
  readonly name: string
  /** @default it comes by its certificate: the common name in it is the name of the user */
  readonly token?: string
  readonly verbs: readonly string[]
}

export interface StandInTls {
  readonly certificate: string
  readonly key: string
  /** Authorities of the certificates of users. */
  readonly clientAuthority?: string
}
