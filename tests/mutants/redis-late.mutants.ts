/** Damages to what the Redis store does about requests that come late or twice, and about lines of which a part is lost. */
import type { Check, Mutant } from './mutant.ts'

const test = (file: string, named: string): Check => ({
  tests: [`packages/holdfast/src/stores/redis/${file}.test.ts`],
  named,
  engine: 'redis',
})
const late = (named: string): Check => test('late-requests', named)
const twins: Check = { tests: ['packages/holdfast/src/stores/redis/differential.test.ts'], engine: 'redis' }

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
    test('lost-keys', 'a line of holders that lost its index'),
  ),
  'the long way takes a line that lost its record for free': lua(
    'record',
    "line.isDamaged = redis.call('EXISTS', line.index) == 1",
    'line.isDamaged = false',
    test('lost-keys', 'a line that lost its record refuses'),
  ),
  'the short way takes a line that lost its record for free': lua(
    'enter-fast',
    "redis.call('EXISTS', line, index) > 0",
    "redis.call('EXISTS', line) > 0",
    test('lost-keys', 'a line that lost its record refuses'),
  ),
  'an id whose request may have been sent twice is forgotten': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: 'const isInDoubt = options.outcomeUnknown === true || isDoubled',
    replace: 'const isInDoubt = options.outcomeUnknown === true && !isDoubled',
    caughtBy: test('resend', 'may have been sent twice is remembered'),
  },
  'a driver that tells nothing of its connections is believed to send once': {
    file: 'packages/holdfast/src/stores/redis-driver/connection.ts',
    find: '(hasEnded || this.#port.onDisconnect === undefined)',
    replace: 'hasEnded',
    caughtBy: test('resend', 'may have been sent twice is remembered'),
  },
  'a claim of a compact line lasts as long as its clock was set back': lua(
    'record',
    'if claim.ends <= latest then return end',
    'if claim then return end',
    twins,
  ),
  'claims of an expanded line last as long as its clock was set back': lua(
    'record',
    'if tonumber(found[12]) > now then',
    'if false then',
    twins,
  ),
  'a minimum hold lasts as long as its clock was set back': lua(
    'leave',
    'claim.delay = tonumber(keep)',
    'claim.delay = math.max(claim.delay, 3600000000)',
    twins,
  ),
  'a turn is told before it is written': lua(
    'save',
    'local isKept = line.observed > now or line.left > now',
    'publish(line)\n  local isKept = line.observed > now or line.left > now',
    test('half-scripts', 'a turn that cannot be written is not told'),
  ),
  'leftovers of a script that stopped are believed': lua(
    'save',
    "if line.compact and redis.call('HLEN', line.key) > line.fields then",
    'if false then',
    test('half-scripts', 'leftovers are cleared'),
  ),
  'a free lock keeps its keys': lua(
    'save',
    'if line.holding + line.waiting == 0 and not isKept then',
    'if false then',
    test('keys', 'a lock that nobody uses has no keys'),
  ),
  'the short way of renewing lets the key expire': lua(
    'renew-fast',
    "if redis.call('PTTL', line) < span - idleMs / 2 then",
    'if false then',
    test('keys', 'keys outlive the longest claim'),
  ),
  'an observer makes a line that lost its record look free': lua(
    'observe',
    'and not isDamaged then',
    'then',
    test('lost-keys', 'a line that lost its record refuses'),
  ),
  'a right that is missing is not named': lua(
    'rights',
    'if not (isKnown and isAllowed) then',
    'if false then',
    test('refusals', 'may not use publishing is refused when the store opens'),
  ),
  'a command that the server does not have is not missed': lua(
    'rights',
    'if not (isKnown and isAllowed) then',
    'if isKnown and not isAllowed then',
    test('refusals', 'without a command that the scripts need'),
  ),
  'the short way takes tokens along with any clock': lua(
    'enter-fast',
    'and not isLate and now <= asker + jumpUs do',
    'and not isLate do',
    test('token-scale', 'the short way, tokens follow a clock'),
  ),
  'the long way takes tokens along with any clock': lua(
    'save',
    'math.min(now, asker + limits.jump))',
    'now)',
    test('token-scale', 'the long way, tokens follow a clock'),
  ),
  'a token is made by a clock alone that may be wrong': lua(
    'save',
    'return now > asker + limits.jump and line.token == 0 and readFloor() == 0',
    'return false',
    test('token-scale', 'a server that remembers no token'),
  ),
  'the short way of entering forgets the floor while the clock is set back': lua(
    'enter-fast',
    'if floor and floor + 0 >= now then',
    'if false then',
    test('token-scale', 'tokens rise over all names'),
  ),
}

export const redisLateMutants: readonly Mutant[] = Object.entries(damages).map(([name, damage]) => ({
  name: `redis: ${name}`,
  ...damage,
}))
