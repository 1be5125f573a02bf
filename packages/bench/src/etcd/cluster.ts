/** An etcd of three members for a measurement: they wait for their disks before they answer, as those that keep locks should. */
import { startEtcdCluster } from '@holdfast/testbed/engines'
import type { MeasuredQuorum } from '../quorum/engine.ts'
import type { Readings } from '../slices.ts'

export async function withCluster<T>(work: (measured: MeasuredQuorum) => Promise<T>): Promise<T> {
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
  const oneUrl = cluster.url.replace(/,.*/, '')
  return await work({ url: cluster.url, oneUrl, readings, leader: () => cluster.leader() })
}
