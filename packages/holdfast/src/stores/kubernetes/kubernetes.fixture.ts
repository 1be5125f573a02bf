/** The stand-in for Kubernetes for the tests of this folder: kubeconfigs for it, what stands in it, and ways to it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type KubernetesOptions, start } from '@holdfast/testbed/engines/kubernetes/server'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { leaseNameOf } from '../kubernetes-driver/lease-name.ts'
import { DatabaseStage } from '../stage.fixture.ts'

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'

interface LeaseSeen {
  readonly metadata: {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }
  readonly spec: Readonly<Record<string, string | number>>
}

export class Stage extends DatabaseStage {
  async server(options: KubernetesOptions = {}): Promise<Engine> {
    return await this.started(start(options))
  }

  async way(engine: Engine): Promise<Proxy> {
    return this.keep(await openProxy(engine), (proxy) => proxy.close())
  }

  folder(): string {
    return this.keep(mkdtempSync(join(tmpdir(), 'holdfast-')), (path) => rmSync(path, { recursive: true }))
  }

  /** The path of a kubeconfig with one context, and its user as these lines of YAML. */
  kubeconfig({ url }: { readonly url: string }, user: readonly string[], cluster: readonly string[] = []): string {
    const path = join(this.folder(), 'config')
    const indented = (lines: readonly string[]): string => lines.map((line) => `    ${line}\n`).join('')
    const text = `apiVersion: v1
kind: Config
current-context: here
contexts:
- name: here
  context: {"cluster": "near", "user": "me"}
clusters:
- name: near
  cluster:
    server: ${url}
${indented(cluster)}users:
- name: me
  user:
${indented(user)}`
    writeFileSync(path, text)
    return path
  }
}

/** As `kubectl proxy` gives it. */
export function urlOf({ url }: { readonly url: string }): string {
  return url.replace('http:', 'kubernetes:')
}

/** As another program asks. */
export async function asked({ url }: Engine, method: string, resource: string, body?: object): Promise<LeaseSeen> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } }
  const path = method === 'POST' ? LEASES : `${LEASES}/${leaseNameOf(resource)}`
  const response = await fetch(url + path, { method, ...sent })
  return (await response.json()) as LeaseSeen
}

/** Requests of this process to Kubernetes, without watches, while something is done. */
export async function requestsOf(what: () => Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = []
  const count = (message: unknown): void => {
    const { method, path } = (message as { readonly request: ClientRequest }).request
    if (!path.includes('watch=1')) seen.push(method)
  }
  subscribe('http.client.request.start', count)
  try {
    await what()
    return seen
  } finally {
    unsubscribe('http.client.request.start', count)
  }
}
