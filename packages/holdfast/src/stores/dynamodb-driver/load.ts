/** The AWS SDK, loaded where it is needed, and a client of our own of what a URL names. */
import { StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { DynamodbAddress } from './address.ts'
import type { DynamodbClient, DynamodbModule } from './client.ts'

/** More than a process has in flight at a time, so that a renewal never stands behind those that only want to enter. */
const CONNECTIONS_MAX = 500
const CONNECT_MS_MAX = 3_000
/** The SDK writes warnings to the console of the program unless it is given a place for them. */
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing }

export async function loadDynamodb(): Promise<DynamodbModule> {
  const module: unknown = await import('@aws-sdk/client-dynamodb').catch((cause: unknown) => {
    throw new StoreUnavailable(
      'locks in DynamoDB need the package @aws-sdk/client-dynamodb: npm install @aws-sdk/client-dynamodb',
      { cause, isFinal: true },
    )
  })
  return module as DynamodbModule
}

/** Sends everything once: a retry of the SDK would report a failed condition of its own first try. */
export function ownClient(
  { DynamoDBClient }: DynamodbModule,
  { config }: DynamodbAddress,
): DynamodbClient & { destroy(): void } {
  const agent = { keepAlive: true, maxSockets: CONNECTIONS_MAX }
  return new DynamoDBClient({
    ...config,
    maxAttempts: 1,
    logger: SILENT,
    requestHandler: {
      connectionTimeout: CONNECT_MS_MAX,
      requestTimeout: ATTEMPT_MS_MAX,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
      logger: SILENT,
    },
  })
}

function nothing(): void {
  // The errors themselves are thrown, and that is enough.
}
