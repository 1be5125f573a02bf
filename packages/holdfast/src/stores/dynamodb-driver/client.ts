/** The part of the AWS SDK that is used: a client that sends commands, and the few commands. Typed here, because a program may be without it. */

/** A `DynamoDBClient`, a `DynamoDB` or a `DynamoDBDocumentClient` of the AWS SDK, version 3. */
export interface DynamodbClient {
  send(command: never, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>
  readonly config: object
}

type Make = new (input: never) => object

export interface DynamodbModule {
  readonly DynamoDBClient: new (config: object) => DynamodbClient & { destroy(): void }
  readonly DescribeTableCommand: Make
  readonly DescribeTimeToLiveCommand: Make
  readonly GetItemCommand: Make
  readonly PutItemCommand: Make
  readonly ScanCommand: Make
}

/** The attributes that are used here: text. */
export type Item = Readonly<Record<string, { readonly S?: string }>>

export interface DescribedTable {
  readonly TableArn?: string
  readonly TableStatus?: string
  readonly KeySchema?: readonly { readonly AttributeName?: string; readonly KeyType?: string }[]
  readonly AttributeDefinitions?: readonly { readonly AttributeName?: string; readonly AttributeType?: string }[]
  readonly ItemCount?: number
  readonly BillingModeSummary?: { readonly BillingMode?: string }
  readonly DeletionProtectionEnabled?: boolean
  readonly GlobalTableVersion?: string
  readonly MultiRegionConsistency?: string
  readonly Replicas?: readonly { readonly RegionName?: string }[]
}

export interface ScanPage {
  readonly Items?: readonly Item[]
  readonly LastEvaluatedKey?: Item
}

export function isDynamodbClient(value: unknown): value is DynamodbClient {
  return (
    typeof value === 'object' &&
    value !== null &&
    'send' in value &&
    typeof value.send === 'function' &&
    'config' in value &&
    typeof value.config === 'object'
  )
}
