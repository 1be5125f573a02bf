/** Amazon's local server takes long to start: one for all tests of a file, and a table of its own for each. It ends with the process. */
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { dynamodb, type Engine } from '@holdfast/testbed/engines'
import { dynamodbTable } from 'holdfast/dynamodb'

let running: Promise<Engine> | undefined
let tables = 0

/** The same server with a fresh table; closing it leaves it for the next test. */
export async function freshTable(): Promise<Engine> {
  const engine = await (running ??= dynamodb.start())
  if (engine.state !== 'up') await engine.restart()
  tables += 1
  await sent(engine, (client) => client.send(new CreateTableCommand(dynamodbTable({ table: tableName() }))))
  return {
    ...engine,
    name: engine.name,
    url: engine.url,
    kill: () => engine.kill(),
    restart: () => engine.restart(),
    close: async () => undefined,
  }
}

export function urlOfTable([url = '']: readonly string[]): string {
  return `${url.replace('http:', 'dynamodb:')}/${tableName()}`
}

/** Something that is no lock in the place of the lock `bad`. */
export async function damageLine(engine: Engine): Promise<void> {
  const Item = { line: { S: 'default!bad' }, record: { S: 'x' }, version: { S: 'x' } }
  await sent(engine, (client) => client.send(new PutItemCommand({ TableName: tableName(), Item })))
}

const tableName = (): string => `holdfast-${tables}`

async function sent({ url }: Engine, send: (client: DynamoDBClient) => Promise<unknown>): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: url, region: 'local', credentials })
  await send(client)
  client.destroy()
}
