/** Real servers for the tests of this folder, seen by a plain client beside the store. */
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { startEnsemble, type ZookeeperEnsemble } from '@holdfast/testbed/engines/zookeeper/cluster'
import { start, type ZookeeperOptions as ServerOptions } from '@holdfast/testbed/engines/zookeeper/server'
import { releasePort, reservePort } from '@holdfast/testbed/engines/ports'
import type { CertificateFiles } from '@holdfast/testbed/os/certificate'
import { environment } from '../opened.fixture.ts'
import { DatabaseStage } from '../stage.fixture.ts'
import { ZookeeperSession } from '../zookeeper-driver/session.ts'
import { NodeTree } from '../zookeeper-driver/tree.ts'

/** So long a follower answers without its leader: syncLimit, and half a tick. */
export const LAG_MS: number = 4 * 500 + 250

export class ZookeeperStage extends DatabaseStage {
  server(options: ServerOptions = {}): Promise<Engine> {
    return this.started(start(options))
  }

  ensemble(options: Parameters<typeof startEnsemble>[0] = {}): Promise<ZookeeperEnsemble> {
    return this.started(startEnsemble(options))
  }

  /** A server with one more port, at which it speaks TLS and wants the certificate that it trusts. */
  async tlsServer({
    own,
    trusted,
  }: {
    readonly own: CertificateFiles
    readonly trusted: string
  }): Promise<{ readonly engine: Engine; readonly securePort: number }> {
    const securePort = this.keep(await reservePort(), releasePort)
    const both = `${own.key}.both`
    writeFileSync(both, [own.key, own.certificate].map((path) => readFileSync(path, 'utf8')).join(''))
    const settings = {
      secureClientPort: String(securePort),
      secureClientPortAddress: '127.0.0.1',
      serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
      'ssl.keyStore.location': both,
      'ssl.keyStore.type': 'PEM',
      'ssl.trustStore.location': trusted,
      'ssl.trustStore.type': 'PEM',
    }
    return { engine: await this.server({ settings }), securePort }
  }

  /** The nodes of the server, beside the store. */
  async nodes({ host, port }: Pick<Engine, 'host' | 'port'>, root = '/holdfast'): Promise<NodeTree> {
    const options = { servers: [{ host, port }], timeoutMs: 20_000, silenceMs: 3_000 }
    const session = await ZookeeperSession.open(options, environment())
    this.keep(session, (each) => each.close())
    return new NodeTree(session, root)
  }
}

/** How many packets the server has received by now, by its own count. */
export function receivedBy({ host, port }: Pick<Engine, 'host' | 'port'>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket = connect({ host, port }, () => socket.write('srvr'))
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  socket.on('error', reject)
  socket.on('close', () => resolve(Number(/^Received: (\d+)$/m.exec(text)?.[1])))
  return promise
}
