/** Damages to how the list of servers of a Redlock is compared and changed. */
import type { Check, Mutant } from './mutant.ts'

const folder = 'packages/holdfast/src/stores/redlock'
const lists: Check = { tests: [`${folder}/membership.test.ts`] }
const votes: Check = { tests: [`${folder}/votes.test.ts`], named: 'list', engine: 'redis' }
const servers = (named: string): Check => ({ tests: [`${folder}/servers.test.ts`], named, engine: 'redis' })

type Damage = Omit<Mutant, 'name'>

const damage = (file: string, find: string, replace: string, caughtBy: Check): Damage => {
  return { file: `${folder}/${file}`, find, replace, caughtBy }
}

const ofTheLists: Readonly<Record<string, Damage>> = {
  'the same servers in another order are another list': damage(
    'membership.ts',
    'names.toSorted().join',
    'names.join',
    lists,
  ),
  'how long leases may be is no part of the list': damage(
    'membership.ts',
    '}.${maxTtlMs}`',
    '}.${maxTtlMs * 0}`',
    lists,
  ),
  'a majority of all servers is one of both lists': damage(
    'membership.ts',
    'needed: nodes - Math.min(...spared)',
    'needed: majorityOf(nodes) + 0 * spared.length',
    lists,
  ),
  'while the list is changed leases may be as long as the longer one allows': damage(
    'membership.ts',
    'const leaseMsMax = Math.min(',
    'const leaseMsMax = Math.max(',
    lists,
  ),
  'a server without data is kept out for the shorter lease': damage(
    'membership.ts',
    'const keptOutMs = Math.max(',
    'const keptOutMs = Math.min(',
    lists,
  ),
}

const ofTheServers: Readonly<Record<string, Damage>> = {
  'a server votes for whoever asks, whatever its list': damage(
    'node.lua',
    "string.find(' ' .. lists .. ' ', ' ' .. node.list .. ' ', 1, true) ~= nil",
    'lists ~= nil',
    votes,
  ),
  'a renewal is not compared with the list': damage(
    'renew.lua',
    'local isOut = node.isOut or not isListed',
    'local isOut = node.isOut',
    votes,
  ),
  'a server that was away during a change stays away': damage(
    'accept.lua',
    'local isBehind = node.generation < generation and',
    'local isBehind = false and',
    votes,
  ),
  'a server that was away during a change votes at once': damage(
    'accept.lua',
    'if not node.joins or node.mayHaveLost or isBehind then',
    'if not node.joins or node.mayHaveLost then',
    votes,
  ),
  'old clients are not written down': damage('node.lua', 'if lists == node.list and', 'if false and', votes),
  'new servers vote without a quarantine': damage(
    'list.lua',
    'if not node.joins then',
    'if false then',
    servers('the status says of each server'),
  ),
}

const ofTheClients: Readonly<Record<string, Damage>> = {
  'a client that opens with another list is let in': damage(
    'agreement.ts',
    'if (conflict !== undefined) throw',
    'if (conflict !== undefined && generation < 0) throw',
    servers('with another list of servers'),
  ),
  'a client that was left behind comes back when servers have forgotten': damage(
    'session-list.ts',
    'this.#outdated = list',
    'this.#outdated = undefined',
    servers('that was open before is refused'),
  ),
  'a server that forgot is put under what the client was given': damage(
    'agreement.ts',
    'own: from !== undefined && latest === idOf(from) ? membership.own : latest,',
    'own: membership.own,',
    servers('neither the old list nor the step back'),
  ),
  'a first start is made while a server is away': damage(
    'data-markers.ts',
    "marker !== undefined && marker.list === ''",
    "marker === undefined || marker.list === ''",
    servers('while another one is away'),
  ),
}

const ofTheChange: Readonly<Record<string, Damage>> = {
  'the new list is given without the wait': damage(
    'servers.ts',
    "if (waitMs > 0) return { step: 'left', waitMs }",
    "if (waitMs < 0) return { step: 'left', waitMs }",
    servers('never hold together'),
  ),
  'the wait is as long as nothing was lost': damage(
    'servers.ts',
    'Math.max(quarantineMs(step.keptOutMs) - leftForMs,',
    'Math.max(0 - leftForMs,',
    servers('never hold together'),
  ),
  'a server that is away is left behind': damage(
    'servers.ts',
    'return server.marker !== undefined',
    'return server.name !== ""',
    servers('is refused while a server is away'),
  ),
  'old clients that are at work lose their locks without a word': damage(
    'servers.ts',
    'if (!force) refuseSoleClients(',
    'if (force) refuseSoleClients(',
    servers('never hold together'),
  ),
  'what is written down of old clients is taken for exact': damage(
    'servers.ts',
    'step.keptOutMs + SOLE_EVERY_MS)',
    'step.keptOutMs + 0 * SOLE_EVERY_MS)',
    servers('an old client is noticed'),
  ),
  'a step counts as the one before': damage(
    'servers.ts',
    'generation: generation + 1, words: stepWords(from, to) })',
    'generation, words: stepWords(from, to) })',
    servers('never hold together'),
  ),
}

export const redlockServerMutants: readonly Mutant[] = Object.entries({
  ...ofTheLists,
  ...ofTheServers,
  ...ofTheClients,
  ...ofTheChange,
}).map(([name, each]) => ({ name: `redlock servers: ${name}`, ...each }))
