/** The requests that are made of DynamoDB: each is sent once, ends with its limit of time, and fails with an error of ours. */
import type { StoreEnvironment } from '../../store/store.ts'
import type { DescribedTable, DynamodbClient, DynamodbModule, Item, ScanPage } from './client.ts'
import { dynamodbError, isConditionFailed, isDenied } from './errors.ts'

interface TimeToLive {
  readonly TimeToLiveDescription?: { readonly TimeToLiveStatus?: string; readonly AttributeName?: string }
}

/** Refused, with the item as it stands where there is one. */
export interface Refusal {
  readonly item: Item | undefined
}

export class DynamodbRequests {
  readonly #client: DynamodbClient
  readonly #module: DynamodbModule
  readonly #bounded: StoreEnvironment['bounded']

  constructor(client: DynamodbClient, module: DynamodbModule, bounded: StoreEnvironment['bounded']) {
    this.#client = client
    this.#module = module
    this.#bounded = bounded
  }

  /** `undefined` where these credentials may not ask. */
  async describe(table: string): Promise<DescribedTable | undefined> {
    const command = new this.#module.DescribeTableCommand({ TableName: table } as never)
    try {
      return ((await this.#send(command, 'opening')) as { readonly Table?: DescribedTable }).Table ?? {}
    } catch (error) {
      if (isDenied(error)) return undefined
      throw dynamodbError(error, 'opening')
    }
  }

  /** The attribute, or that there is none; `undefined` where these credentials may not ask. */
  async timeToLive(table: string): Promise<string | false | undefined> {
    const command = new this.#module.DescribeTimeToLiveCommand({ TableName: table } as never)
    try {
      const answer = (await this.#send(command, 'looking at the table')) as TimeToLive
      const { TimeToLiveStatus: status, AttributeName: name } = answer.TimeToLiveDescription ?? {}
      return (status === 'ENABLED' || status === 'ENABLING') && name !== undefined ? name : false
    } catch (error) {
      if (isDenied(error)) return undefined
      throw dynamodbError(error, 'looking at the table')
    }
  }

  async get(input: object, what: string): Promise<Item | undefined> {
    const answer = await this.#asked(new this.#module.GetItemCommand(input as never), what)
    return (answer as { readonly Item?: Item }).Item
  }

  async scan(input: object, what: string): Promise<ScanPage> {
    return (await this.#asked(new this.#module.ScanCommand(input as never), what)) as ScanPage
  }

  /** `undefined` when it is written. */
  async put(input: object, what: string): Promise<Refusal | undefined> {
    try {
      await this.#send(new this.#module.PutItemCommand(input as never), what)
      return undefined
    } catch (error) {
      if (isConditionFailed(error)) return { item: error.Item as Item | undefined }
      throw dynamodbError(error, what)
    }
  }

  async #asked(command: object, what: string): Promise<unknown> {
    try {
      return await this.#send(command, what)
    } catch (error) {
      throw dynamodbError(error, what)
    }
  }

  async #send(command: object, what: string): Promise<unknown> {
    const late = new AbortController()
    try {
      return await this.#bounded(this.#client.send(command as never, { abortSignal: late.signal }), what)
    } catch (error) {
      // Only where it did not end by itself: an abort makes an error with a stack, which a tenth of a pair would go into.
      late.abort()
      throw error
    }
  }
}
