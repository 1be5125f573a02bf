/**
 * `holdfast schema`: what makes the table of a store in a database: its statements, or commands, or rights. A new database
 * is one more line. And the JSON Schema of what the commands print with --json.
 */
import { readFileSync } from 'node:fs'
import type { Context, GlobalOptions } from './context.ts'
import { exitCodes } from './exit-codes.ts'

export interface SchemaCommandOptions extends GlobalOptions {
  readonly schema?: string
  readonly table?: string
}

type TableNames = Pick<SchemaCommandOptions, 'schema' | 'table'>

const engines: ReadonlyMap<string, (names: TableNames) => Promise<string>> = new Map([
  ['postgres', async (names: TableNames) => (await import('holdfast/postgres')).postgresSchema(names)],
  [
    'mysql',
    async ({ schema: database, ...names }: TableNames) =>
      (await import('holdfast/mysql')).mysqlSchema({ ...names, ...(database !== undefined && { database }) }),
  ],
  [
    'dynamodb',
    async ({ table }: TableNames) =>
      (await import('holdfast/dynamodb')).dynamodbSchema(table === undefined ? {} : { table }),
  ],
  [
    'kubernetes',
    async ({ schema: namespace }: TableNames) =>
      (await import('holdfast/kubernetes')).kubernetesRole(namespace === undefined ? {} : { namespace }),
  ],
  ['documents', async () => readFileSync(new URL('../schemas/documents.json', import.meta.url), 'utf8')],
])

export const schemaEngines: readonly string[] = [...engines.keys()]

export async function schemaCommand(
  { printer }: Context,
  engine: string,
  { schema, table, json }: SchemaCommandOptions,
): Promise<number> {
  const names = { ...(schema !== undefined && { schema }), ...(table !== undefined && { table }) }
  const statements = (await engines.get(engine)?.(names)) ?? ''
  if (json === true) printer.document({ engine, statements })
  else printer.paint(statements)
  return exitCodes.ok
}
