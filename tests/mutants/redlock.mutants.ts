/** Damages to Redlock: the rule of votes, the scripts of the nodes, and what is done around them. */
import type { Check, Mutant } from './mutant.ts'

const rule: Check = { tests: ['packages/holdfast/src/stores/redlock/ballot.test.ts'] }
const twin: Check = { tests: ['packages/holdfast/src/stores/redlock/model.test.ts'] }
const votes: Check = { tests: ['packages/holdfast/src/stores/redlock/votes.test.ts'], engine: 'redis' }
const healthy = (named: string): Check => ({
  tests: ['packages/holdfast/src/stores/redlock/store.test.ts'],
  named,
  engine: 'redis',
})
const trouble = (named: string): Check => ({
  tests: ['packages/holdfast/src/stores/redlock/trouble.test.ts'],
  named,
  engine: 'redis',
})
const strays = (named: string): Check => ({
  tests: ['packages/holdfast/src/stores/redlock/orphan-votes.test.ts'],
  named,
  engine: 'redis',
})
const lost = (named: string): Check => ({
  tests: ['packages/holdfast/src/stores/redlock/data-loss.test.ts'],
  named,
  engine: 'redis',
})

type Damage = Omit<Mutant, 'name'>

const damage = (file: string, find: string, replace: string, caughtBy: Check): Damage => {
  return { file: `packages/holdfast/src/stores/redlock/${file}`, find, replace, caughtBy }
}

const ofTheRule: Readonly<Record<string, Damage>> = {
  'half of the nodes are a majority': damage(
    'quorum.ts',
    'return Math.floor(nodes / 2) + 1',
    'return Math.ceil(nodes / 2)',
    rule,
  ),
  'the first vote is the token': damage(
    'ballot.ts',
    'if (ballot.token > highest) highest',
    'if (highest === 0n) highest',
    rule,
  ),
  'votes that differ are not raised': damage('ballot.ts', 'if (agreed >= needed)', 'if (kept >= needed)', rule),
  'the slowest node is waited for': damage(
    'ballot.ts',
    'if (agreed >= needed)',
    'if (agreed >= needed && asked === 0)',
    rule,
  ),
  'votes that are split never settle': damage(
    'ballot.ts',
    'return asked === 0 || ownerOf(ballots, quorum) !== undefined',
    'return ownerOf(ballots, quorum) !== undefined',
    rule,
  ),
  'a vote stands for the token that it is asked to raise to': damage(
    'ballot.ts',
    "ballot.kind === 'kept' && ballot.token === highest).length",
    "ballot.kind === 'kept' && (ballot.raisingTo ?? ballot.token) === highest).length",
    twin,
  ),
  'the model explores another rule than the one that runs': {
    file: 'packages/lab/src/redlock-model/rule.ts',
    find: 'const top = Math.max(0, ...votes)',
    replace: 'const top = votes.toSorted((one, other) => one - other)[needed - 1] ?? 0',
    caughtBy: twin,
  },
  'a lost raise is counted as one': damage('ballot.ts', 'ballot.token < highest && ', 'ballot.token < 0n && ', rule),
}

const ofTheNodes: Readonly<Record<string, Damage>> = {
  'a vote is not above the one before': damage(
    'accept.lua',
    'math.max(proposal, record.token + 1, now)',
    'math.max(proposal, now)',
    votes,
  ),
  'a wild proposal is taken': damage(
    'accept.lua',
    'if proposal > now + limits.cap then',
    'if false then',
    lost('wild'),
  ),
  'a wild raise is taken': damage('raise.lua', 'if token > now + limits.cap then', 'if false then', lost('wild')),
  'a raise lowers': damage('raise.lua', 'if token > record.token then', 'if true then', votes),
  'an old vote of the same claim stays in the way': damage(
    'accept.lua',
    " and not (record.state == 'h' and isGivenUp(record.owner))",
    '',
    votes,
  ),
  'an old vote of the same claim replaces the new one': damage(
    'accept.lua',
    ' and tonumber(otherNumber) < tonumber(number)',
    '',
    votes,
  ),
  'there is no lock-delay': damage('accept.lua', 'record.ends + record.delay > now', 'record.ends > now', votes),
  'anybody releases a vote': damage('release.lua', "isOf(record, vote, '')", 'record.lives', votes),
  'an expired vote lives': damage('record.lua', " and record.state == 'h' and record.ends > now", '', votes),
  'the token of a renewal is not compared': damage(
    'record.lua',
    "(token == '' or int(record.token) == token)",
    'true',
    votes,
  ),
  'a node that lost its data votes at once': damage(
    'accept.lua',
    'if node.joins > now then',
    'if false then',
    lost('a node that was wiped'),
  ),
  'the quarantine is as long as a lease': damage(
    'limits.ts',
    'ASIDE_MS: number = CAP_MS + 2 * SKEW_MS',
    'ASIDE_MS: number = 0',
    lost('a node that was wiped'),
  ),
  'a server that was restarted passes for the one of before': damage(
    'node.lua',
    'local isOther =',
    'local isOther = false and',
    lost('with a snapshot of before its vote'),
  ),
  'a restart without a log is taken for one with it': damage(
    'node.lua',
    "string.find(redis.call('INFO', 'persistence'), 'aof_enabled:1', 1, true))",
    'true)',
    votes,
  ),
  'whoever finds that every change is kept outvotes the others': damage(
    'accept.lua',
    ' or (node.keeps and not keeps) then',
    ' or node.keeps ~= keeps then',
    votes,
  ),
  'a node in quarantine tells of those who waited before': damage(
    'look.lua',
    'openNode(5).isOut and {} or',
    '',
    lost('tells of nobody who waits'),
  ),
  'every restart is a loss': damage(
    'durable.ts',
    'flushesEachChange(settings)',
    '!flushesEachChange(settings)',
    lost('keeps every change'),
  ),
  'a node that was restarted renews what it has': damage('renew.lua', 'if isOut or not', 'if not', votes),
  'a node that was restarted raises what it has': damage('raise.lua', 'if openNode(2).isOut or not', 'if not', votes),
  'the quarantine forgets the longest lease that the node knew of': damage(
    'accept.lua',
    'math.max(node.longest, tonumber(ARGV[10]))',
    'tonumber(ARGV[10])',
    votes,
  ),
  'the record of a minimum hold goes with the idle ones': damage(
    'release.lua',
    'int(math.ceil(keep / 1000) + limits.idleMs)',
    'limits.idleMs',
    votes,
  ),
  'dead waiters fill the list': damage('accept.lua', 'sweep(1)', '', votes),
  'behind many dead waiters nobody is woken': damage('record.lua', 'if latest then', 'if false then', votes),
  'a renewal plants its vote on a free node': damage(
    'renew.lua',
    'local record = open(index)\n',
    "if not open(index).lives then redis.call('HSET', KEYS[index], 'o', vote, 's', 'h', 'x', int(now + ttl)) end\n" +
      '  local record = open(index)\n',
    lost('a renewal plants nothing'),
  ),
  'a node is not kept for the waiter it told': damage(
    'accept.lua',
    'elseif record.keptUntil > now and record.keptFor ~= claim then',
    'elseif false then',
    healthy('whoever waits first'),
  ),
  'a node is kept for a waiter that does not come': damage(
    'record.lua',
    'int(now + limits.kept)',
    'int(now + 60000000)',
    healthy('does not come'),
  ),
  'a dead waiter is woken': damage(
    'record.lua',
    '.. claim) == 0 then',
    '.. claim) < 0 then',
    healthy('is passed over'),
  ),
}

const around: Readonly<Record<string, Damage>> = {
  'a failed attempt keeps its votes': damage(
    'attempt.ts',
    "node.run(scripts.release, keys, [this.vote, '0', '0', '']).catch(() => undefined)",
    'void [node, keys]',
    trouble('leaves no vote on the minority'),
  ),
  'a vote is forgotten when its raise is refused': damage(
    'attempt.ts',
    ' && !this.#voted.has(node)',
    '',
    strays('clock of its node is behind'),
  ),
  'an observer stays who was refused': damage(
    'look.ts',
    '      stop()\n      throw error',
    '      throw error',
    strays('whom a node refuses'),
  ),
  'the time that the votes took does not count': damage(
    'attempt.ts',
    'if (tookMs + marginMs(ttlMs) > ttlMs * USABLE_SHARE)',
    'if (tookMs + marginMs(ttlMs) < 0)',
    trouble('stalled for too much'),
  ),
  'a token far ahead is counted': damage(
    'attempt.ts',
    'if (aheadMs > CAP_MS) return',
    'if (aheadMs > CAP_MS && token < 0n) return',
    lost('taken far ahead'),
  ),
  'a leave reaches a majority only': damage(
    'leave.ts',
    '    ...session,\n',
    '    ...session,\n    nodes: nodes.slice(0, majority),\n',
    trouble('on one node costs nothing'),
  ),
  'a server may be two nodes': damage(
    'open.ts',
    "other === name || runId === ''",
    "other === name || runId !== ''",
    healthy('under two names'),
  ),
  'a wiped node passes for a first start': damage(
    'data-markers.ts',
    'return markers.every(',
    'return markers.some(',
    lost('while one node has no data'),
  ),
  'a server that forgot its scripts stays ignorant': damage(
    'node.ts',
    'void teach(this.#link.connection).catch(() => undefined)',
    '',
    lost('forgot its scripts'),
  ),
  'a server that was away is not looked for again': damage(
    'node.ts',
    'if (!this.#isClosed && this.#opening === undefined',
    'if (this.#isClosed && this.#opening === undefined',
    trouble('from the opening on'),
  ),
  'the error does not say which node': damage(
    'quorum.ts',
    '[`${name} ${words[index]}`]',
    '[`${words[index]}`]',
    trouble('says of each node why'),
  ),
}

export const redlockMutants: readonly Mutant[] = Object.entries({ ...ofTheRule, ...ofTheNodes, ...around }).map(
  ([name, each]) => ({ name: `redlock: ${name}`, ...each }),
)
