/** A ZooKeeper of three servers for a measurement: they wait for their disks before they answer, as those that keep locks should. */
import { startEnsemble } from '@holdfast/testbed/engines'
import { connect } from 'node:net'
import type { MeasuredQuorum } from '../quorum/engine.ts'

/** 4 ticks of 500 ms, and half of one: as the testbed sets them up. */
export const LAG_MS = 2_250
const TOLD_WITHIN_MS = 2_000

export async function withEnsemble<T>(work: (measured: MeasuredQuorum) => Promise<T>): Promise<T> {
  await using ensemble = await startEnsemble({ storage: 'disk' })
  const settings = `?followerLag=${LAG_MS}ms`
  return await work({
    url: `${ensemble.url}${settings}`,
    oneUrl: `${ensemble.url.replace(/,.*/, '')}${settings}`,
    readings: async () => {
      const counts = await Promise.all(ensemble.members.map(({ engine }) => receivedBy(engine.host, engine.port)))
      return { packets: counts.reduce((sum, count) => sum + count, 0) }
    },
    leader: () => ensemble.leader(),
  })
}

/** How many packets a server has received by now, by its own word. */
function receivedBy(host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket = connect({ host, port, timeout: TOLD_WITHIN_MS }, () => socket.write('srvr'))
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  socket.once('timeout', () => socket.destroy(new Error('a server does not say what it was sent')))
  socket.on('error', reject)
  socket.on('close', () => resolve(Number(/^Received: (\d+)$/m.exec(text)?.[1] ?? 0)))
  return promise
}
