/** Damages to the guard and the ledger in Redis. */
import type { Check, Mutant } from './mutant.ts'

const source = (file: string): string => `packages/holdfast/src/${file}`
const guardTests: Check = { tests: [source('guards/redis.test.ts')], engine: 'redis' }

type Damage = Omit<Mutant, 'name'>

const fence = (find: string, replace: string): Damage => {
  return { file: source('guards/redis-fence.ts'), find, replace, caughtBy: guardTests }
}
const ledger = (find: string, replace: string): Damage => {
  return { file: source('guards/redis-ledger.ts'), find, replace, caughtBy: guardTests }
}

const guard: Readonly<Record<string, Damage>> = {
  'guard: tokens are compared as text': fence('#mark > #token or (#mark == #token and mark > token)', 'mark > token'),
  'guard: tokens are compared as numbers': fence(
    '#mark > #token or (#mark == #token and mark > token)',
    'tonumber(mark) > tonumber(token)',
  ),
  'guard: the own token is refused the second time': fence(
    '#mark == #token and mark > token',
    '#mark == #token and mark >= token',
  ),
  'guard: a shared holder raises the mark': fence("if raises == '1' and mark ~= token then", 'if mark ~= token then'),
  'guard: entering does not raise the mark': fence(
    'await pass(admission, markOf(admission).raises)',
    "await pass(admission, '0')",
  ),
  'guard: a look raises the mark': fence("await pass(admit(lease), '0')", "await pass(admit(lease), '1')"),
  'guard: refused work is carried out': fence('if newer then return { ${STALE}, newer } end', ''),
  'guard: an error of the work counts as its answer': fence(
    "if type(result) == 'table' and result.err then return result end",
    '',
  ),
  'ledger: a shared holder may write': ledger("if (mode === 'shared') {", "if (mode === 'permit') {"),
  'ledger: reading before a write raises nothing': ledger(
    'entryOf(await guard.run(lease, { lua: READ, keys: [keyOf(fencedOf(lease))], repeatable: true }))',
    "entryOf(await send(['HMGET', keyOf(fencedOf(lease)), 'token', 'value']))",
  ),
}

export const redisGuardMutants: readonly Mutant[] = Object.entries(guard).map(([name, damage]) => ({
  name: `redis ${name}`,
  ...damage,
}))
