/** Three servers for all tests of a file, and a root of its own for each. They end with the process. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { startEnsemble, type ZookeeperEnsemble } from '@holdfast/testbed/engines/zookeeper/cluster'

const CREATE = 1
const ALL_RIGHTS = 31

let running: Promise<ZookeeperEnsemble> | undefined
let roots = 0

/** The same servers with a fresh root; closing them leaves them for the next test. */
export async function freshRoot(): Promise<readonly Engine[]> {
  const { members } = await (running ??= startEnsemble({ settings: { tickTime: '250' } }))
  await Promise.all(members.flatMap(({ engine }) => (engine.state === 'up' ? [] : [engine.restart()])))
  roots += 1
  return members.map(({ engine }) => ({
    ...engine,
    name: engine.name,
    url: engine.url,
    host: engine.host,
    port: engine.port,
    kill: () => engine.kill(),
    restart: () => engine.restart(),
    close: async () => undefined,
  }))
}

export function urlOfRoot(urls: readonly string[]): string {
  // Their syncLimit is 4 ticks of 250 ms.
  return `zookeeper://${urls.map((url) => new URL(url).host).join(',')}${rootPath()}?followerLag=1125ms`
}

function rootPath(): string {
  return `/shop/locks-${roots}`
}

/** Puts something that is no lock into the place of the lock `bad`, in the few words of ZooKeeper that this takes. */
export async function damageNode({ host, port }: Engine): Promise<void> {
  const socket = connect({ host, port })
  await once(socket, 'connect')
  socket.write(packet(numbers(0, 0, 0, 10_000, 0, 0), text('\0'.repeat(16))))
  await once(socket, 'data')
  // Where another server was asked before, the nodes are there, which is as good.
  socket.write(create(1, `${rootPath()}/l/default!bad`))
  await once(socket, 'data')
  socket.write(create(2, `${rootPath()}/l/default!bad/theirs`))
  await once(socket, 'data')
  socket.destroy()
}

/** Of a node that stays, and that all users may read. */
function create(number: number, path: string): Buffer {
  const rights = [numbers(1, ALL_RIGHTS), text('world'), text('anyone')]
  return packet(numbers(number, CREATE), text(path), text(''), ...rights, numbers(0))
}

function packet(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([numbers(body.length), body])
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeInt32BE(value, index * 4))
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([numbers(value.length), Buffer.from(value)])
}
