/** Damages to what the Redis store does about requests that come late or twice, and about lines of which a part is lost. */
import type { Check, Mutant } from './mutant.ts'

const test = (file: string, named: string): Check => ({
  tests: [`packages/holdfast/src/stores/redis/${file}.test.ts`],
  named,
  engine: 'redis',
})
const late = (named: string): Check => test('late-requests', named)

type Damage = Omit<Mutant, 'name'>

const lua = (file: string, find: string, replace: string, caughtBy: Check): Damage => {
  return { file: `packages/holdfast/src/stores/redis/${file}.lua`, find, replace, caughtBy }
}

const damages: Readonly<Record<string, Damage>> = {
  'the long way begins what comes too late': lua(
    'enter',
    'if isLate then',
    'if false then',
    late('a claim with a lock-delay that comes again'),
  ),
  'the short way begins what comes too late': lua(
    'enter-fast',
    'while free < claims and not isLate and',
    'while free < claims and',
    late('a free line that comes again'),
  ),
  'who asks too late is not told where it stands': lua(
    'enter',
    "local known = living(line, claim.id, '')",
    "local known = not isLate and living(line, claim.id, '') or nil",
    late('reads where it stands'),
  ),
  'an id that left in doubt is forgotten': lua(
    'enter',
    'return score and score + LEFT_BAND > now',
    'return false',
    late('is remembered until its requests are too late'),
  ),
  'the short way of leaving remembers nobody': lua(
    'leave-fast',
    'KEYS[left * 2 + 2], ARGV[left + 2]',
    "KEYS[left * 2 + 2], string.gsub(ARGV[left + 2], '^0|%d+|', '')",
    late('held a lonely lock and named its token'),
  ),
  'who was answered twice leaves without a doubt': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: 'options.outcomeUnknown === true || isDoubled',
    replace: 'options.outcomeUnknown === true',
    caughtBy: late('may have sent twice'),
  },
  'the compact form goes before the other one is written': lua(
    'save',
    'local words, over = {}, {}\n',
    "if line.compact then redis.call('HDEL', line.key, 'a', 'x', 'e') end\n  local words, over = {}, {}\n",
    test('half-scripts', 'to HSET: the holder keeps it'),
  ),
  'an index that lacks claims is believed': lua(
    'line',
    'if first[1] and #claims == #members then return claims end',
    'if true then return claims end',
    test('trouble', 'a line of holders that lost its index'),
  ),
  'the long way takes a line that lost its record for free': lua(
    'record',
    "line.isDamaged = redis.call('EXISTS', line.index) == 1",
    'line.isDamaged = false',
    test('trouble', 'a line that lost its record refuses'),
  ),
  'the short way takes a line that lost its record for free': lua(
    'enter-fast',
    "redis.call('EXISTS', line, index) > 0",
    "redis.call('EXISTS', line) > 0",
    test('trouble', 'a line that lost its record refuses'),
  ),
}

export const redisLateMutants: readonly Mutant[] = Object.entries(damages).map(([name, damage]) => ({
  name: `redis: ${name}`,
  ...damage,
}))
