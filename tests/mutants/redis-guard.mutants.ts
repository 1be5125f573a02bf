/** Damages to the guard and the ledger in Redis. */
import type { Check, Mutant } from './mutant.ts'

const guardTests: Check = { tests: ['packages/holdfast/src/guards/redis/fence.test.ts'], engine: 'redis' }

type Damage = Omit<Mutant, 'name'>

const fence = (find: string, replace: string): Damage => {
  return { file: 'packages/holdfast/src/guards/redis/fence.ts', find, replace, caughtBy: guardTests }
}
const late = (find: string, replace: string): Damage => {
  const check: Check = { tests: ['packages/holdfast/src/guards/redis/late.test.ts'], engine: 'redis' }
  return { file: 'packages/holdfast/src/guards/redis/fence.ts', find, replace, caughtBy: check }
}
const ledger = (find: string, replace: string): Damage => {
  return { file: 'packages/holdfast/src/guards/redis/ledger.ts', find, replace, caughtBy: guardTests }
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
  'guard: refused work is carried out': fence('if newer then return { ${STALE}, now, newer } end', ''),
  'guard: an error of the work counts as its answer': fence(
    "if type(result) == 'table' and result.err then return result end",
    '',
  ),
  'guard: what comes too late is begun': late('if now > tonumber(ARGV[3]) then return { ${LATE}, now } end', ''),
  'guard: what came too late is asked for again although it may have been done': late(
    'if (!(Number(now) < rememberedUntilMs)) throw tooLateToTell(key)',
    '',
  ),
  'guard: a run is remembered for less time than it may begin': late("'PXAT', ARGV[4]", "'PX', '20000'"),
  'guard: an answer that is no list is a yes': fence(
    'const [now, newer] = partsOf(await runScript(send, ENTER, [key], [token, raises]), key)',
    'const [now, newer] = [await runScript(send, ENTER, [key], [token, raises])].flat()',
  ),
  'ledger: a mark that was raised anew has no end any more': ledger('if left >= 0 then', 'if left == 0 then'),
  'ledger: bytes are nothing': ledger(
    'if (token === null && value === null) return null',
    "if (typeof token !== 'string' || typeof value !== 'string') return null",
  ),
  'ledger: a shared holder may write': ledger("if (mode === 'shared') {", "if (mode === 'permit') {"),
  'ledger: reading before a write raises nothing': ledger(
    'await guard.run(lease, { lua: READ, keys: [key, markOf(lease)], repeatable: true })',
    "await send(['HMGET', key, 'token', 'value'], key)",
  ),
}

export const redisGuardMutants: readonly Mutant[] = Object.entries(guard).map(([name, damage]) => ({
  name: `redis ${name}`,
  ...damage,
}))
