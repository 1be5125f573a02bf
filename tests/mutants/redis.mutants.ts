/** Damages to the Redis store: its Lua, and the TypeScript around it. */
import type { Check, Mutant } from './mutant.ts'

/** Random operations beside the transition of core: the smallest check of whatever the scripts decide. */
const twins: Check = { tests: ['packages/holdfast/src/stores/redis/differential.test.ts'], engine: 'redis' }
const crowd: Check = { tests: ['packages/holdfast/src/stores/redis/crowd.test.ts'], engine: 'redis' }
const pushed: Check = { tests: ['packages/holdfast/src/stores/redis/pushed.test.ts'], engine: 'redis' }
const storeTests: Check = { tests: ['packages/holdfast/src/stores/redis/store.test.ts'], engine: 'redis' }
const trouble = (named: string): Check => ({
  tests: ['packages/holdfast/src/stores/redis/trouble.test.ts'],
  named,
  engine: 'redis',
})
const units = (file: string): Check => ({ tests: [file] })

type Damage = Omit<Mutant, 'name'>

const lua = (file: string, find: string, replace: string, caughtBy: Check = twins): Damage => {
  return { file: `packages/holdfast/src/stores/redis/${file}.lua`, find, replace, caughtBy }
}

const scripts: Readonly<Record<string, Damage>> = {
  'a lease that expired has no lock-delay': lua(
    'line',
    'local untilThen = claim.ends + claim.delay',
    'local untilThen = claim.ends',
  ),
  'the token of a claim is not compared': lua(
    'line',
    'claim.token ~= token) then return nil end',
    'false) then return nil end',
  ),
  'what a sweep left over can be renewed': lua(
    'line',
    'if claim and claim.ends <= now then',
    'if claim and claim.ends <= 0 then',
    crowd,
  ),
  'a dead holder is not swept': lua('line', 'if line.holding > 0 then sweepSet(line, line.ends) end', ''),
  'a dead waiter is not swept': lua('line', 'if line.waiting > 0 then sweepSet(line, line.places) end', ''),
  'the last in line is granted first': lua(
    'line',
    "local id = redis.call('ZRANGE', line.order, 0, 0)[1]\n    local head",
    "local id = redis.call('ZREVRANGE', line.order, 0, 0)[1]\n    local head",
  ),
  'the head is granted whether it fits or not': lua(
    'line',
    'elseif line.used + head.weight <= line.capacity then',
    'elseif true then',
  ),
  'a new head is not told': lua(
    'line',
    "if id == asker or tell(line, head, 'head', freeIn(line), int(head.ends - now)) then return end",
    'if true then return end',
  ),
  'a dead waiter is granted': lua(
    'line',
    "if not tell(line, claim, 'held', claim.token, int(claim.ends - now)) then remove(line, claim) end",
    "tell(line, claim, 'held', claim.token, int(claim.ends - now))",
    trouble('a waiter whose process was killed is passed over in the same step'),
  ),
  'a dead waiter stays the head': lua(
    'line',
    'int(head.ends - now)) then return end\n      remove(line, head)',
    'int(head.ends - now)) or true then return end\n      remove(line, head)',
    crowd,
  ),
  'a release passes over only a few of the dead': lua(
    'line',
    'for _ = 1, limits.dead do',
    'for _ = 1, limits.sweep do',
    crowd,
  ),
  'a lock is busy although more is over than one script ends': lua(
    'enter',
    "if isBehind(line) then return { 'again' } end",
    '',
    crowd,
  ),
  'a grant that is told has its whole life': lua(
    'line',
    'claim.ends = now + math.min(claim.ttl, limits.provisional)',
    'claim.ends = now + claim.ttl',
  ),
  'a grant that is told is not provisional': lua('line', "nextToken(line), '1'", "nextToken(line), '0'"),
  'two grants of one moment have one token': lua(
    'line',
    'line.token = math.max(line.token + 1, now)',
    'line.token = math.max(line.token, now)',
  ),
  'a token follows the counter alone': lua(
    'line',
    'line.token = math.max(line.token + 1, now)',
    'line.token = line.token + 1',
    trouble('tokens rise over FLUSHALL'),
  ),
  'a token is the text of a float': lua('line', 'return int(line.token)', 'return tostring(line.token)'),
  'a waiter that asks again does not keep its place': lua('line', 'claim.ends = now + life\n', ''),
  'the head looks again too late': lua(
    'line',
    'return int(math.max(0, at - now))',
    'return int(math.max(0, at - now) + 50000)',
  ),
  'an ended claim does not give its weight back': lua(
    'record',
    'local function remove(line, claim)\n  count(line, claim, -1)',
    'local function remove(line, claim)',
  ),
  'observers are not told': lua('record', 'if line.seen and line.observed > now then', 'if false then'),
  'a line that lost its claims keeps its counts': lua(
    'record',
    "line.holding, line.used, line.weightless, line.waiting, line.head = 0, 0, 0, 0, ''",
    '',
    trouble('to eviction heals'),
  ),
  'a newcomer overtakes those who wait': lua('enter', 'local fits = line.waiting == 0 and ', 'local fits = '),
  'another capacity is let in': lua('enter', 'if counted > 0 and line.capacity', 'if counted < 0 and line.capacity'),
  'as many wait as like to': lua('enter', 'line.waiting >= limits.queue', 'false', crowd),
  'a lingering claim can be renewed': lua('renew', "if claim and claim.state ~= 'l' then", 'if claim then'),
  'a renewal with a wrong token is answered with yes': lua(
    'renew',
    "if claim and token ~= '' and claim.token ~= token then claim = nil end",
    '',
  ),
  'one bad key fails a whole batch of renewals': lua(
    'renew',
    "answers[index] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }",
    "if not ok then return redis.error_reply('WRONGTYPE') end\n  answers[index] = answer",
    storeTests,
  ),
  'a minimum hold is not kept': lua('leave', 'tonumber(keep) > 0', 'tonumber(keep) < 0'),
  'nobody gets what is given back': lua('leave', 'grant(line, id)\n', ''),
  'the short way of entering ignores observers': lua(
    'enter-fast',
    "local free, spec = redis.pcall('HGET', KEYS[at], 'a'), ARGV[at + 3]",
    "local free, spec = redis.pcall('HGET', KEYS[at], 'a'), ARGV[at + 3]\n  free = free and string.gsub(free, '^F', 'f')",
  ),
  'the short way of entering trusts a clock that was set back': lua('enter-fast', 'now <= token + 0', 'false'),
  'the short way of entering lets the key end before the claim': lua(
    'enter-fast',
    'expires * 1000 < ends + 3000000000',
    'false',
    storeTests,
  ),
  'the short way of leaving ignores observers': lua(
    'leave-fast',
    "local alone = redis.pcall('HGET', key, 'a')",
    "local alone = redis.pcall('HGET', key, 'a')\n  alone = alone and string.gsub(alone, '^H', 'h')",
  ),
  'the short way of leaving ignores the owner': lua('leave-fast', 'id ~= ARGV[word] or', 'false or'),
  'the short way of leaving ignores the token': lua(
    'leave-fast',
    "(ARGV[word + 1] ~= '' and ARGV[word + 1] ~= token)",
    'false',
  ),
  'the short way of leaving ignores the end of the lease': lua('leave-fast', 'ends + 0 <= now', 'false'),
  'the short way of leaving ignores a minimum hold': lua('leave-fast', "ARGV[word + 2] ~= '0'", 'false'),
  'the short way of renewing ignores the token': lua('renew', 'held ~= token', 'false'),
  'the short way of renewing ignores the end of the lease': lua(
    'renew',
    'or ends + 0 <= now then return nil',
    'then return nil',
  ),
  'the short way of renewing lets the key end before the claim': lua(
    'renew',
    'if expires * 1000 < now + ttl + delay + limits.idleMs * 5000 / 6 then return nil end',
    '',
    storeTests,
  ),
  'the short way of renewing drops a note': lua('renew', "isNoted == '0' and renewAlone", 'renewAlone'),
  'one bad key fails all that entered with it': lua(
    'enter-batch',
    "answers[index] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }",
    "if not ok then return redis.error_reply('WRONGTYPE') end\n  answers[index] = answer",
    storeTests,
  ),
  'one bad key fails all that left with it': lua(
    'leave-batch',
    "answers[index] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }",
    "if not ok then return redis.error_reply('WRONGTYPE') end\n  answers[index] = answer",
    storeTests,
  ),
  'an eviction has no lock-delay': lua('evict', 'if evicted.delay > 0 then', 'if evicted.delay < 0 then'),
  'an eviction hits whoever holds': lua('evict', 'if line.solo.token == ARGV[1] then', 'if true then'),
  'what lingers can be evicted again': lua('evict', "if evicted and evicted.state ~= 'h' then evicted = nil end", ''),
  'who is evicted is not told': lua('evict', "tell(line, evicted, 'gone', ARGV[2])", ''),
  'a list leaves out what lingers': lua('has-claims', 'tonumber(delay) or 0) > now', '0) > now'),
}

const around: Readonly<Record<string, Damage>> = {
  'an answer that was overtaken by a message counts': {
    file: 'packages/holdfast/src/stores/redis/local-claims.ts',
    find: 'return one.atUs < other.atUs',
    replace: 'return false',
    caughtBy: units('packages/holdfast/src/stores/redis/local-claims.test.ts'),
  },
  'after a clock was set back every answer is an old one': {
    file: 'packages/holdfast/src/stores/redis/local-claims.ts',
    find: 'entry.toldAt <= heard',
    replace: 'entry.toldAt < 0',
    caughtBy: units('packages/holdfast/src/stores/redis/local-claims.test.ts'),
  },
  'what is told before the answer arrives is forgotten': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: 'claims.track(keys[0], id)',
    replace: '',
    caughtBy: pushed,
  },
  'who asks together gets the answer of the first': {
    file: 'packages/holdfast/src/stores/redis/command-batcher.ts',
    find: '? answers[index] :',
    replace: '? answers[0] :',
    caughtBy: twins,
  },
  'a renewal with a wrong token ends the watch of the holder': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: "if (told.standing.kind === 'gone') return told.standing\n",
    replace: '',
    caughtBy: pushed,
  },
  'a lost batch of renewals loses all of them': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: 'if (!isOneOfSeveral) throw error',
    replace: 'throw error',
    caughtBy: pushed,
  },
  'nobody is hinted at what was told while nobody could hear': {
    file: 'packages/holdfast/src/stores/redis/open.ts',
    find: 'onUp: () => claims.hintAll()',
    replace: 'onUp: () => undefined',
    caughtBy: pushed,
  },
  'the time of a server that is gone is trusted': {
    file: 'packages/holdfast/src/stores/redis/open.ts',
    find: 'onDown: () => serverClock.forget()',
    replace: 'onDown: () => undefined',
    caughtBy: pushed,
  },
  'a turn that was told while the clock was set back is not looked for': {
    file: 'packages/holdfast/src/stores/redis/local-claims.ts',
    find: 'told === undefined || isOutOfTime(told, entry.told)',
    replace: 'told === undefined',
    caughtBy: units('packages/holdfast/src/stores/redis/local-claims.test.ts'),
  },
  'on a full server nothing can be renewed': {
    file: 'packages/holdfast/src/stores/redis/scripts.ts',
    find: "renew: script('renew', 'allow-oom'",
    replace: "renew: script('renew', ''",
    caughtBy: trouble('on a full server'),
  },
  'a server with replicas is called durable': {
    file: 'packages/holdfast/src/stores/redis/facts.ts',
    find: "traits.kept === 'always' && !traits.mayFailOver && !traits.evicts",
    replace: "traits.kept === 'always' && !traits.evicts",
    caughtBy: trouble('the class says what the server really does'),
  },
}

export const redisMutants: readonly Mutant[] = Object.entries({ ...scripts, ...around }).map(([name, damage]) => ({
  name: `redis: ${name}`,
  ...damage,
}))
