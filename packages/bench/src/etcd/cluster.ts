/** An etcd of three members for a measurement: they wait for their disks before they answer, as those that keep locks should. */
import { type EtcdCluster, startEtcdCluster } from '@holdfast/testbed/engines'
import type { Readings } from '../slices.ts'

export interface MeasuredCluster {
  readonly cluster: EtcdCluster
  /** For clients that spread over the members. */
  readonly url: string
  /** What all members were sent, by their own counts. */
  readings(): Promise<Readings>
}

export async function withCluster<T>(work: (measured: MeasuredCluster) => Promise<T>): Promise<T> {
  await using cluster = await startEtcdCluster({ storage: 'disk' })
  const readings = async (): Promise<Readings> => {
    const sums: Record<string, number> = {}
    for (const { url } of cluster.members) {
      const text = await (await fetch(`${url}/metrics`)).text()
      const rows = text.matchAll(/^grpc_server_msg_received_total\{grpc_method="(\w+)".* (\d+)$/gm)
      for (const [, method = '', count] of rows) sums[method] = (sums[method] ?? 0) + Number(count)
    }
    return sums
  }
  return await work({ cluster, url: cluster.url, readings })
}
