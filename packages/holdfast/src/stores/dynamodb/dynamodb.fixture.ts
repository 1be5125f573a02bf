/** Amazon's local server for the tests of this folder: clients that count what they are billed, and ways to the server. */
import { CreateTableCommand, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { start } from '@holdfast/testbed/engines/dynamodb/server'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { DatabaseStage } from '../stage.fixture.ts'
import { dynamodbTable } from './index.ts'

/** Requests, and the units that DynamoDB says it would bill. */
export interface Bill {
  requests: number
  readUnits: number
  writeUnits: number
  /** By name, those that a single try or the last one of several ended with. */
  readonly errors: string[]
}

export class Stage extends DatabaseStage {
  async server(): Promise<Engine> {
    const engine = await this.started(start())
    await this.client(engine).send(new CreateTableCommand(dynamodbTable()))
    return engine
  }

  client({ url: endpoint }: { readonly url: string }, more: DynamoDBClientConfig = {}): DynamoDBClient {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const client = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: 1, ...more })
    return this.keep(client, (each) => each.destroy())
  }

  /** A client whose requests are counted. */
  billed(engine: { readonly url: string }, more: DynamoDBClientConfig = {}): { client: DynamoDBClient; bill: Bill } {
    const client = this.client(engine, more)
    const bill: Bill = { requests: 0, readUnits: 0, writeUnits: 0, errors: [] }
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          bill.requests += 1
          try {
            const input = {
              ...args.input,
              ...(commandName !== 'DescribeTableCommand' && { ReturnConsumedCapacity: 'TOTAL' }),
            }
            const answered = await next({ ...args, input })
            const { ConsumedCapacity } = answered.output as { ConsumedCapacity?: { CapacityUnits?: number } }
            const units = ConsumedCapacity?.CapacityUnits ?? 0
            if (commandName === 'PutItemCommand') bill.writeUnits += units
            else bill.readUnits += units
            return answered
          } catch (error) {
            bill.errors.push(error instanceof Error ? error.name : String(error))
            throw error
          }
        },
      { step: 'initialize' },
    )
    return { client, bill }
  }

  async way(engine: Engine): Promise<Proxy> {
    return this.keep(await openProxy(engine), (proxy) => proxy.close())
  }
}

export function urlOf({ url }: { readonly url: string }): string {
  return url.replace('http:', 'dynamodb:')
}
