/** A NATS for the tests of this folder: connections to it, what its streams are asked, and ways to the server. */
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type NatsOptions, start } from '@holdfast/testbed/engines/nats/server'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { DatabaseStage } from '../stage.fixture.ts'

export class Stage extends DatabaseStage {
  async server(options: NatsOptions = {}): Promise<Engine> {
    return await this.started(start(options))
  }

  async client({ url }: { readonly url: string }): Promise<NatsConnection> {
    return this.keep(await connect({ servers: url, reconnectTimeWait: 100 }), (each) => each.close())
  }

  async way(engine: Engine): Promise<Proxy> {
    return this.keep(await openProxy(engine), (proxy) => proxy.close())
  }
}

/** As the program `nats` asks JetStream. */
export async function asked(
  client: NatsConnection,
  verb: string,
  payload: object = {},
): Promise<Record<string, unknown>> {
  return (await client.request(`$JS.API.${verb}`, JSON.stringify(payload))).json()
}

/** Messages that left a connection while something was done. */
export async function sentBy(client: NatsConnection, what: () => Promise<unknown>): Promise<number> {
  const { outMsgs } = client.stats()
  await what()
  return client.stats().outMsgs - outMsgs
}
