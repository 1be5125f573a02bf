/** Damages to the store and the guard of DynamoDB, and to what is seen last of a line: whose refusal it was, what is proved, what is stale. */
import type { Check, Mutant } from './mutant.ts'

const store = 'packages/holdfast/src/stores/dynamodb'
const driver = 'packages/holdfast/src/stores/dynamodb-driver'
const guard = 'packages/holdfast/src/guards/dynamodb'
const records = 'packages/holdfast/src/stores/records'
const onServer = (folder: string, file: string, named: string): Check => ({
  tests: [`${folder}/${file}.test.ts`],
  named,
  engine: 'dynamodb',
})

export const dynamodbMutants: readonly Mutant[] = [
  {
    name: 'dynamodb: a write that is refused by its own first try is lost',
    file: `${store}/line-items.ts`,
    find: 'current?.version === version ? { version } : { current }',
    replace: '{ current }',
    caughtBy: onServer(store, 'store', 'its own write refuses it'),
  },
  {
    name: 'dynamodb: a line in use has a time to go',
    file: `${store}/line-items.ts`,
    find: '...(isIdleText(text) && {',
    replace: "...(text !== '' && {",
    caughtBy: onServer(store, 'store', 'has a time to go'),
  },
  {
    name: 'dynamodb: a global table of last writers is consensus',
    file: `${store}/facts.ts`,
    find: "if (!isReplicated(table) || table.MultiRegionConsistency === 'STRONG') return []",
    replace: 'if (isReplicated(table) || !isReplicated(table)) return []',
    caughtBy: { tests: [`${store}/facts.test.ts`], named: 'the last writer wins is lowered' },
  },
  {
    name: 'dynamodb: throttling says that the first of several tries did nothing',
    file: `${driver}/errors.ts`,
    find: '($metadata.attempts ?? 1) > 1',
    replace: '($metadata.attempts ?? 1) > 9',
    caughtBy: { tests: [`${driver}/errors.test.ts`], named: 'sent more than once' },
  },
  {
    name: 'dynamodb: the keys in a URL for a region are taken as they are',
    file: `${driver}/address.ts`,
    find: '  if (user !== undefined) {\n    throw',
    replace: '  if (user === host) {\n    throw',
    caughtBy: { tests: [`${driver}/address.test.ts`], named: 'is refused, and nothing of it is repeated' },
  },
  {
    name: 'records: what was seen last answers a question',
    file: `${records}/swap.ts`,
    find: '        if (read.isGuess !== true) return results\n',
    replace: '        if (read.now !== undefined) return results\n',
    caughtBy: { tests: [`${records}/swap.test.ts`], named: 'grants nothing and refuses nobody' },
  },
  {
    name: 'records: a change of a known line reads it first',
    file: `${records}/swap.ts`,
    find: '    this.#known.learn(resource, { stored, decoded: { ...decoded, record } })\n',
    replace: '    this.#known.forget(resource)\n    void record\n',
    caughtBy: { tests: [`${records}/swap.test.ts`], named: 'two swaps and no read' },
  },
  {
    name: 'dynamodb guard: an older token passes',
    file: `${guard}/marks.ts`,
    find: 'OR #holdfast <= :holdfast',
    replace: 'OR #holdfast <> :holdfast OR #holdfast = :holdfast',
    caughtBy: onServer(guard, 'fence', 'writes nothing, and a condition of your own'),
  },
  {
    name: 'dynamodb guard: a reader raises the mark',
    file: `${guard}/marks.ts`,
    find: '  return admission.raises ?',
    replace: '  return admission.token > 0n ?',
    caughtBy: onServer(guard, 'fence', 'compared by a reader'),
  },
  {
    name: 'dynamodb guard: whoever meets a transaction is told so at once',
    file: `${guard}/refusals.ts`,
    find: 'return codes.includes(CONFLICT) &&',
    replace: 'return codes.length === 0 &&',
    caughtBy: { tests: [`${guard}/refusals.test.ts`], named: 'only met others' },
  },
  {
    name: 'dynamodb ledger: entering does not raise the mark',
    file: `${guard}/ledger.ts`,
    find: 'const item = await items.raise(admission)\n',
    replace: 'const item = (await items.compare(admission)) ?? {}\n',
    caughtBy: onServer(guard, 'fence', 'no late writer can change'),
  },
]
