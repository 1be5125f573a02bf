/** Services that keep a record a line. */
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node'
import * as dynamodbServer from '@holdfast/testbed/engines/dynamodb/server'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as kubernetesServer from '@holdfast/testbed/engines/kubernetes/server'
import * as natsServer from '@holdfast/testbed/engines/nats/server'
import { type Bench, openStore } from '../testing/index.ts'
import { takeAndLeave } from './claims.fixture.ts'
import { dynamodb, dynamodbTable } from './dynamodb/index.ts'
import { kubernetes } from './kubernetes/index.ts'
import { nats } from './nats/index.ts'

const WARM_UP = 20

/** Amazon's own local server, and one client, for a whole run. */
export const dynamodbBench = (): Bench => {
  let client: Promise<DynamoDBClient> | undefined
  const connect = async (): Promise<DynamoDBClient> => {
    const { url: endpoint } = await dynamodbServer.start()
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const made = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: 1 })
    await made.send(new CreateTableCommand(dynamodbTable()))
    // A Java program that was started a moment ago takes seconds for its first answers, which are longer than leases here.
    const store = await openStore(dynamodb(made))
    for (let pair = 0; pair < WARM_UP; pair += 1) await takeAndLeave(store, `warm-up!${pair}`)
    await store.close()
    return made
  }
  return {
    name: 'dynamodb on the local server of Amazon, real time',
    time: 'real',
    async start() {
      const shared = await (client ??= connect())
      return { store: () => dynamodb(shared), stop: async () => undefined }
    },
  }
}

/** The stand-in for Kubernetes that is in the testbed, for a whole run: what it shows is shown of no real cluster. */
export const kubernetesBench = (): Bench => {
  let server: Promise<Engine> | undefined
  return {
    name: 'kubernetes on a stand-in for its API server, real time',
    time: 'real',
    async start() {
      const { host, port } = await (server ??= kubernetesServer.start())
      return { store: () => kubernetes(`kubernetes://${host}:${port}`), stop: async () => undefined }
    },
  }
}

/** One server and one connection for a whole run. */
export const natsBench = (): Bench => {
  let connection: Promise<NatsConnection> | undefined
  const connect = async (): Promise<NatsConnection> => connectNats({ servers: (await natsServer.start()).url })
  return {
    name: 'nats, real time',
    time: 'real',
    async start() {
      const shared = await (connection ??= connect())
      return { store: () => nats(shared), stop: async () => undefined }
    },
  }
}
