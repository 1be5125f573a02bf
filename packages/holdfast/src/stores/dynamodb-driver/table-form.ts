/** The table: its name and its form, printed as commands or given as what the SDK takes. */
import { Misuse } from '../../store/errors.ts'
import type { DescribedTable } from './client.ts'

export interface DynamodbOptions {
  /** The table: 3 to 255 letters, digits, or signs of `-_.`. @default the path of the URL, or `holdfast` */
  readonly table?: string
}

/** What `CreateTableCommand` of the AWS SDK takes. */
export interface DynamodbTable {
  readonly TableName: string
  readonly AttributeDefinitions: { AttributeName: string; AttributeType: 'S' }[]
  readonly KeySchema: { AttributeName: string; KeyType: 'HASH' }[]
  readonly BillingMode: 'PAY_PER_REQUEST'
}

const TABLE_DEFAULT = 'holdfast'
const TABLE = /^[A-Za-z0-9_.-]{3,255}$/
export const KEY = 'line'
/** In seconds since 1970: when an item that nobody uses may go. */
export const EXPIRY = 'expiresAt'

export function tableNameOf(table: string = TABLE_DEFAULT): string {
  if (typeof table !== 'string' || !TABLE.test(table)) {
    throw new Misuse('the table for DynamoDB must be 3 to 255 letters, digits, or signs of -_.')
  }
  return table
}

export function tableOf(name: string): DynamodbTable {
  return {
    TableName: name,
    AttributeDefinitions: [{ AttributeName: KEY, AttributeType: 'S' }],
    KeySchema: [{ AttributeName: KEY, KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  }
}

export function commandsOf(name: string): string {
  return `aws dynamodb create-table --table-name ${name} \\
  --attribute-definitions AttributeName=${KEY},AttributeType=S \\
  --key-schema AttributeName=${KEY},KeyType=HASH \\
  --billing-mode PAY_PER_REQUEST
aws dynamodb wait table-exists --table-name ${name}
aws dynamodb update-time-to-live --table-name ${name} \\
  --time-to-live-specification Enabled=true,AttributeName=${EXPIRY}
`
}

export function hasOurKey({ KeySchema = [], AttributeDefinitions = [] }: DescribedTable): boolean {
  const [key] = KeySchema
  const type = AttributeDefinitions.find(({ AttributeName }) => AttributeName === KEY)?.AttributeType
  return KeySchema.length === 1 && key?.AttributeName === KEY && type === 'S'
}
