/** Damages to the fault lab: a lab that cannot fail says of every lock that nothing was found. */
import type { Check, Mutant } from './mutant.ts'

const source = (file: string): string => `packages/lab/src/faultlab/${file}`
const units = (file: string): Check => ({ tests: [source(file)] })
const onRedis = (file: string): Check => ({ tests: [source(file)], engine: 'redis' })

export const labMutants: readonly Mutant[] = [
  {
    name: 'a fault on one way counts when anybody felt it',
    file: source('faults/effects.ts'),
    find: '(process !== undefined && p !== process)',
    replace: 'false',
    caughtBy: units('faults/effects.test.ts'),
  },
  {
    name: 'a request without an answer counts for every fault after it',
    file: source('faults/effects.ts'),
    find: ': callNs >= fromNs',
    replace: ': true',
    caughtBy: units('faults/effects.test.ts'),
  },
  {
    name: 'a power cut counts though nothing was forgotten',
    file: source('faults/disk-faults.ts'),
    find: "(begun['syncs'] === true || ended['forgot'] === true)",
    replace: 'true',
    caughtBy: units('faults/effects.test.ts'),
  },
  {
    name: 'of several faults at the same moment one is enough',
    file: source('faults/together.ts'),
    find: 'parts.every((part) => hadEffectWithin',
    replace: 'parts.some((part) => hadEffectWithin',
    caughtBy: units('faults/effects.test.ts'),
  },
  {
    name: "a user's own server is hurt",
    file: source('faults/choice.ts'),
    find: 'if (fault.hitsStore && !isOwn) {',
    replace: 'if (fault.hitsStore && isOwn && !isOwn) {',
    caughtBy: units('faults/choice.test.ts'),
  },
  {
    name: 'a server that syncs first is excused as one that does not',
    file: source('expectations.ts'),
    find: '(excuse.persistences?.includes(persistence) ?? true)',
    replace: '(persistence as string) !== ""',
    caughtBy: units('expectations.test.ts'),
  },
  {
    name: 'tokens may fall back under every jump of a clock',
    file: source('expectations.ts'),
    find: '(excuse.besides?.some((other) => made.has(other)) ?? true)',
    replace: 'true',
    caughtBy: units('expectations.test.ts'),
  },
  {
    name: 'the end of one fault heals every other on the way',
    file: source('ground/way.ts'),
    find: "this.#imposed.at(-1) ?? { kind: 'pass' }",
    replace: "{ kind: 'pass' }",
    caughtBy: onRedis('ground/way.test.ts'),
  },
  {
    name: 'the replica has heard of everything when it takes over',
    file: source('ground/redis-ground.ts'),
    find: "      dying.link.set({ kind: 'black-hole' })\n",
    replace: '',
    caughtBy: onRedis('ground/ground.test.ts'),
  },
  {
    name: 'all workers share one way',
    file: source('ground/server-ground.ts'),
    find: 'way.place === place && way.server === server',
    replace: 'place !== undefined && way.server === server',
    caughtBy: onRedis('ground/ground.test.ts'),
  },
  {
    name: 'the data on Redis is not guarded',
    file: source('traffic/redis-resource.ts'),
    find: 'const fenced = guard ? fence({ send }) : undefined',
    replace: 'const fenced = guard && !guard ? fence({ send }) : undefined',
    caughtBy: onRedis('traffic/redis-resource.test.ts'),
  },
  {
    name: 'a soak goes on with rounds of another kind',
    file: source('soak/state.ts'),
    find: 'if (differences.length === 0) return kept',
    replace: 'if (differences.length >= 0) return kept',
    caughtBy: units('soak/soak.test.ts'),
  },
  {
    name: 'a round has a row in the track record again',
    file: source('soak/track-record.ts'),
    find: 'rounds.slice(recorded[path] ?? 0)',
    replace: 'rounds.slice((recorded[path] ?? 0) * 0)',
    caughtBy: units('soak/soak.test.ts'),
  },
  {
    name: 'words that belong to no option are left aside',
    file: source('stray-words.ts'),
    find: 'const [stray] = words.slice(takes)',
    replace: 'const [stray] = words.slice(takes).slice(words.length)',
    caughtBy: units('stray-words.test.ts'),
  },
]
