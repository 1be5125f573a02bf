/** The servers whose stores compare no clocks, each with stores on it and a count of what those send. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { connect } from '@nats-io/transport-node'
import {
  dynamodb as dynamodbServer,
  kubernetes as kubernetesServer,
  nats as natsServer,
} from '@holdfast/testbed/engines'
import type { Store } from 'holdfast'
import { dynamodb, dynamodbTable } from 'holdfast/dynamodb'
import { kubernetes } from 'holdfast/kubernetes'
import { nats } from 'holdfast/nats'

export interface ObservedServer {
  /** One more, as another process would have it. */
  store(): Promise<Store>
  /** By all stores, but for what they send to stay connected. */
  sent(): number
}

export type ObservedKind = 'dynamodb' | 'nats' | 'kubernetes'

type WithServer = <T>(work: (server: ObservedServer) => Promise<T>) => Promise<T>

export const withObserved: Readonly<Record<ObservedKind, WithServer>> = {
  async dynamodb(work) {
    await using engine = await dynamodbServer.start()
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const client = new DynamoDBClient({ endpoint: engine.url, region: 'local', credentials, maxAttempts: 1 })
    await client.send(new CreateTableCommand(dynamodbTable()))
    client.destroy()
    return await countingRequests(engine.url, (sent) =>
      work({ store: async () => dynamodb(engine.url.replace('http:', 'dynamodb:')), sent }),
    )
  },
  async nats(work) {
    await using engine = await natsServer.start()
    const connections: Awaited<ReturnType<typeof connect>>[] = []
    const store = async (): Promise<Store> => {
      const connection = await connect({ servers: engine.url })
      connections.push(connection)
      return nats(connection)
    }
    const sent = (): number => connections.reduce((sum, connection) => sum + connection.stats().outMsgs, 0)
    try {
      return await work({ store, sent })
    } finally {
      await Promise.all(connections.map((connection) => connection.close()))
    }
  },
  async kubernetes(work) {
    await using engine = await kubernetesServer.start()
    return await countingRequests(engine.url, (sent) =>
      work({ store: async () => kubernetes(engine.url.replace('http:', 'kubernetes:')), sent }),
    )
  },
}

/** Those of this process to the server, without the watches that are begun again. */
async function countingRequests<T>(url: string, work: (sent: () => number) => Promise<T>): Promise<T> {
  const { host } = new URL(url)
  let sent = 0
  const count = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest }
    if (request.getHeader('host') === host && !request.path.includes('watch=1')) sent += 1
  }
  subscribe('http.client.request.start', count)
  try {
    return await work(() => sent)
  } finally {
    unsubscribe('http.client.request.start', count)
  }
}
