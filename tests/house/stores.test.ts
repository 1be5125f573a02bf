/** The same name for the same idea in every store folder: who knows one engine finds the way in all of them. */
import { expect, test } from 'vitest'
import { repositoryFiles } from '../support/tree.ts'

const STORES = 'packages/holdfast/src/stores'
/** `client.ts`, `wire.ts`, `errors.ts`, `facts.ts` and scripts exist where the engine has something to say there. */
const IN_EVERY_STORE = ['index.ts', 'store.ts', 'store.test.ts'] as const

function missingFiles(paths: readonly string[]): readonly string[] {
  const folders = paths.map((path) => path.slice(STORES.length + 1).split('/')).filter((parts) => parts.length > 1)
  const engines = new Set(folders.map(([engine = '']) => engine))
  for (const shared of [
    'addresses',
    'records',
    'dynamodb-driver',
    'etcd-driver',
    'http-driver',
    'zookeeper-driver',
    'kubernetes-driver',
    'mysql-driver',
    'nats-driver',
    'postgres-driver',
    'redis-driver',
    'sessions',
    'sql',
  ])
    engines.delete(shared)
  return [...engines].flatMap((engine) =>
    IN_EVERY_STORE.filter((name) => !paths.includes(`${STORES}/${engine}/${name}`)).map(
      (name) => `${engine} has no ${name}`,
    ),
  )
}

test('every store folder has the files that every store has', () => {
  const files = repositoryFiles(/\.ts$/, STORES)
  expect(files.length).toBeGreaterThan(0)
  expect(missingFiles(files)).toEqual([])
})

test('a store without its test is found', () => {
  const files = [`${STORES}/redis/index.ts`, `${STORES}/redis/store.ts`, `${STORES}/sql/schema.ts`]
  expect(missingFiles(files)).toEqual(['redis has no store.test.ts'])
})
