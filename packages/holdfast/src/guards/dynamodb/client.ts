/** The part of the AWS SDK that the guard uses, loaded at its first use, and the attributes as it sends them. */
import { Misuse, StoreUnavailable } from '../../store/errors.ts'

/** A `DynamoDBClient`, a `DynamoDB` or a `DynamoDBDocumentClient` of the AWS SDK, version 3. */
export interface DynamodbSender {
  send(command: never, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>
}

/** An item as it was answered. */
export type MarkItem = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>

type RequestKind = 'GetItemCommand' | 'UpdateItemCommand' | 'TransactWriteItemsCommand'
type Requests = Readonly<Record<RequestKind, new (input: never) => object>>

export class MarkRequests {
  readonly #client: DynamodbSender
  #commands: Promise<Requests> | undefined

  constructor(client: DynamodbSender) {
    if (typeof client !== 'object' || client === null || typeof client.send !== 'function') {
      throw new Misuse('a guard for DynamoDB takes a DynamoDBClient of @aws-sdk/client-dynamodb')
    }
    this.#client = client
  }

  async send(kind: RequestKind, input: object): Promise<unknown> {
    const commands = await (this.#commands ??= loadCommands())
    return await this.#client.send(new commands[kind](input as never) as never)
  }
}

async function loadCommands(): Promise<Requests> {
  const module: unknown = await import('@aws-sdk/client-dynamodb').catch((cause: unknown) => {
    throw new StoreUnavailable('a guard for DynamoDB needs the package @aws-sdk/client-dynamodb: npm install it', {
      cause,
      isFinal: true,
    })
  })
  return module as Requests
}
