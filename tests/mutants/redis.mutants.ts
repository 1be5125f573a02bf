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
    'local lingersUntil = claim.ends + claim.delay',
    'local lingersUntil = claim.ends',
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
  'a dead holder is not swept': lua(
    'line',
    'if claim.ends <= now then expire(line, claim) elseif',
    "if claim.ends <= now and claim.state == 'w' then expire(line, claim) elseif",
  ),
  'a dead waiter is not swept': lua(
    'line',
    'if claim.ends <= now then expire(line, claim) elseif',
    "if claim.ends <= now and claim.state ~= 'w' then expire(line, claim) elseif",
  ),
  'the last in line is granted first': lua(
    'line',
    'return line.order[place]',
    'return line.order[#line.order - place + 1]',
  ),
  'the head is granted whether it fits or not': lua(
    'line',
    'elseif line.used + head.weight <= line.capacity then',
    'elseif true then',
  ),
  'a new head is not told': lua('line', 'if id ~= asker then tell(line, head, headWords) end', ''),
  'a dead waiter is granted': lua(
    'line',
    'elseif id ~= asker and isUnheard(head) then',
    'elseif line.used + head.weight > line.capacity and id ~= asker and isUnheard(head) then',
    trouble('a waiter whose process was killed is passed over in the same step'),
  ),
  'a dead waiter stays the head': lua(
    'line',
    'elseif id ~= asker and isUnheard(head) then',
    'elseif line.used + head.weight <= line.capacity and id ~= asker and isUnheard(head) then',
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
    "if line.isBehind then return 'again' end",
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
    'save',
    'floor = math.max(readFloor() + 1, line.token + 1, math.min(',
    'floor = math.max(readFloor(), line.token, math.min(',
  ),
  'a token follows the counter alone': lua(
    'save',
    'line.token + 1, math.min(now, asker + limits.jump))',
    'line.token + 1)',
  ),
  'a token is the text of a float': lua('save', 'return int(floor)', 'return tostring(floor)'),
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
  'observers are not told': lua('save', 'if line.seen and line.observed > now then', 'if false then'),
  'a line that lost its index counts its claims twice': lua(
    'record',
    'line.holding, line.used, line.weightless, line.waiting = 0, 0, 0, 0\n',
    '\n',
    {
      tests: ['packages/holdfast/src/stores/redis/lost-keys.test.ts'],
      named: 'a line that lost its index to eviction',
      engine: 'redis',
    },
  ),
  'a newcomer overtakes those who wait': lua('enter', 'local fits = line.waiting == 0 and ', 'local fits = '),
  'another capacity is let in': lua('enter', 'if counted > 0 and line.capacity', 'if counted < 0 and line.capacity'),
  'as many wait as like to': lua('enter', 'if mayWait and line.waiting < limits.queue then', 'if mayWait then', crowd),
  'a lingering claim can be renewed': lua('renew', "if claim and claim.state ~= 'l' then", 'if claim then'),
  'a renewal with a wrong token is answered with yes': lua(
    'renew',
    "if claim and token ~= '' and claim.token ~= token then claim = nil end",
    '',
  ),
  'one bad key fails a whole batch of renewals': lua(
    'renew-batch',
    "answers[place] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }",
    "if not ok then return redis.error_reply('WRONGTYPE') end\n  answers[place] = answer",
    storeTests,
  ),
  'a minimum hold is not kept': lua('leave', 'tonumber(keep) > 0', 'tonumber(keep) < 0'),
  'nobody gets what is given back': lua('leave', 'grant(line, id)\n', ''),
  'the short way of entering ignores observers': lua(
    'enter-fast',
    "redis.call('EXISTS', line, index) > 0",
    "redis.call('HEXISTS', line, 'a') + redis.call('HEXISTS', line, 'h') > 0",
  ),
  'the short way of entering trusts a clock that was set back': lua(
    'enter-fast',
    'if floor and floor + 0 >= now then',
    'if false then',
  ),
  'the short way of entering lets the key end before the claim': lua(
    'enter-fast',
    "redis.call('PEXPIRE', line, math.ceil(ttl / 1000) + idleMs)",
    "redis.call('PEXPIRE', line, idleMs)",
    { tests: ['packages/holdfast/src/stores/redis/keys.test.ts'], named: 'keys outlive', engine: 'redis' },
  ),
  'the short way of leaving ignores observers': lua(
    'leave-fast',
    'string.sub(found[1], 1, #known) ~= known',
    'string.lower(string.sub(found[1], 1, 1)) .. string.sub(found[1], 2, #known) ~= known',
  ),
  'the short way of leaving ignores the owner when no token is said': lua(
    'leave-fast',
    'string.sub(found[1], 1, #known) ~= known',
    "(string.sub(known, 1, 3) ~= 'h||' and string.sub(found[1], 1, #known) ~= known)",
  ),
  'the short way of leaving ignores the token': lua(
    'leave-fast',
    'if not found[1] or',
    "known = string.gsub(known, '^h|%d+', string.match(found[1] or '', '^h|%d+') or 'h|')\n  if not found[1] or",
  ),
  'the short way of leaving ignores the end of the lease': lua(
    'leave-fast',
    ' or found[2] + 0 <= now then break end',
    ' then break end',
  ),
  'the short way of leaving ignores a minimum hold': lua(
    'leave-fast',
    'KEYS[left * 2 + 2], ARGV[left + 2]',
    "KEYS[left * 2 + 2], string.match(ARGV[left + 2], 'h|.*$')",
  ),
  'the short way of renewing ignores the token': lua(
    'renew-fast',
    'if not found[1] or',
    "known = string.gsub(known, '^h|%d+', string.match(found[1] or '', '^h|%d+') or 'h|')\n  if not found[1] or",
  ),
  'the short way of renewing ignores the end of the lease': lua(
    'renew-fast',
    ' or found[2] + 0 <= now then return nil',
    ' then return nil',
  ),
  'the short way of renewing drops a note': lua(
    'renew-fast',
    'if not found[1] or',
    "known = string.match(known, '^=?(h|%d*|[^|]+|%d+|0|0|)')\n  if not found[1] or",
  ),
  'one bad key fails all that entered with it': lua(
    'enter-batch',
    "answers[place] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }",
    "if not ok then return redis.error_reply('WRONGTYPE') end\n  answers[place] = answer",
    storeTests,
  ),
  'one bad key fails all that left with it': lua(
    'leave-batch',
    "answers[place] = ok and answer or { 'error', type(answer) == 'table' and answer.err or tostring(answer) }",
    "if not ok then return redis.error_reply('WRONGTYPE') end\n  answers[place] = answer",
    storeTests,
  ),
  'an eviction has no lock-delay': lua('evict', 'if evicted.delay > 0 then', 'if evicted.delay < 0 then'),
  'an eviction hits whoever holds': lua(
    'evict',
    "if evicted and (evicted.state ~= 'h' or evicted.token ~= ARGV[1]) then",
    "if evicted and evicted.state ~= 'h' then",
  ),
  'what lingers can be evicted again': lua(
    'evict',
    "if evicted and (evicted.state ~= 'h' or evicted.token ~= ARGV[1]) then",
    'if evicted and evicted.token ~= ARGV[1] then',
  ),
  'who is evicted is not told': lua('evict', 'if evicted then tell(line, evicted, goneWords) end', ''),
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
    find: 'entry.toldAt <= eventCount',
    replace: 'entry.toldAt < 0',
    caughtBy: units('packages/holdfast/src/stores/redis/local-claims.test.ts'),
  },
  'what is told before the answer arrives is forgotten': {
    file: 'packages/holdfast/src/stores/redis/store.ts',
    find: 'claims.track(line, id, beginByUs)',
    replace: '',
    caughtBy: pushed,
  },
  'who asks together gets the answer of the first': {
    file: 'packages/holdfast/src/stores/redis/command-batcher.ts',
    find: '? answers[place] :',
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
    find: 'onUp: () => claims.hintAll(),',
    replace: 'onUp: () => undefined,',
    caughtBy: pushed,
  },
  'the time of a server that is gone is trusted': {
    file: 'packages/holdfast/src/stores/redis/open.ts',
    find: 'serverClock.forget()',
    replace: '',
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
