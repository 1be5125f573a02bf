/** Real servers for the tests of this folder. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type EtcdCluster, type EtcdClusterOptions, startCluster } from '@holdfast/testbed/engines/etcd/cluster'
import { type EtcdOptions as ServerOptions, start } from '@holdfast/testbed/engines/etcd/server'
import type { OpenStore, Store, StoreEnvironment } from '../../store/store.ts'
import { environment, opened } from '../opened.fixture.ts'

/** Everything that a test started, so that it ends with the test. */
export class Stage implements AsyncDisposable {
  readonly #endings: (() => Promise<unknown> | void)[] = []

  async server(options: ServerOptions = {}): Promise<Engine> {
    const engine = await start(options)
    this.#endings.push(() => engine.close())
    return engine
  }

  async cluster(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
    const cluster = await startCluster(options)
    this.#endings.push(() => cluster.close())
    return cluster
  }

  async opened(store: Store, told: Pick<StoreEnvironment, 'troubled'> = {}): Promise<OpenStore> {
    const open = told.troubled === undefined ? await opened(store) : await store.open({ ...environment(), ...told })
    this.#endings.push(() => open.close())
    return open
  }

  ending(end: () => Promise<unknown> | void): void {
    this.#endings.push(end)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#endings.toReversed()) await end()
  }
}

export function urlOf({ host, port }: Pick<Engine, 'host' | 'port'>, rest = ''): string {
  return `etcd://${host}:${port}${rest}`
}

/** What the JSON gateway of etcd answers, which is the same server by another door. */
export async function gateway(
  engine: Pick<Engine, 'url'>,
  method: string,
  body: object,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${engine.url}/v3/${method}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return JSON.parse(text) as Record<string, unknown>
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** How many calls of each method the server has answered, by its own count. */
export async function callsOf({ url }: Pick<Engine, 'url'>): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const counts = new Map<string, number>()
  for (const [, method = '', count] of text.matchAll(/^grpc_server_started_total\{grpc_method="(\w+)".* (\d+)$/gm)) {
    counts.set(method, Number(count))
  }
  return counts
}
