/** Damages to members and partitions: who is there, who gets which, and when a partition is given back. */
import type { Check, Mutant } from './mutant.ts'

const RECIPES = 'packages/holdfast/src/recipes'
const check =
  (file: string) =>
  (named: string): Check => ({ tests: [`${RECIPES}/${file}.test.ts`], named })
const members = check('members/members')
const assigned = check('assignment/assign')
const group = check('partitions/partitions')
const work = check('partitions/work')

export const partitionsMutants: readonly Mutant[] = [
  {
    name: 'members: the id of a member that is gone stays taken',
    file: `${RECIPES}/members/line-membership.ts`,
    find: '      await this.#place?.release()\n',
    replace: '',
    caughtBy: members('are listed in the order of joining'),
  },
  {
    name: 'members: a member without its id stays in the list',
    file: `${RECIPES}/members/line-membership.ts`,
    find: '    void this.leave()\n',
    replace: '',
    caughtBy: members('is gone from the list as well'),
  },
  {
    name: 'members: a pause is noticed by a timer and not at the first step',
    file: `${RECIPES}/members/line-membership.ts`,
    find: '    this.isMember()\n    return this.#lost.signal',
    replace: '    return this.#lost.signal',
    caughtBy: members('knows at its first step'),
  },
  {
    name: 'assign: one partition more goes to the first by name',
    file: `${RECIPES}/assignment/assign.ts`,
    find: 'return saves || other.rest - one.rest || byId(one, other)',
    replace: 'return other.rest - one.rest || byId(one, other)',
    caughtBy: assigned('no fair assignment moves fewer'),
  },
  {
    name: 'assign: members are taken in the order in which they are known',
    file: `${RECIPES}/assignment/assign.ts`,
    find: 'new Map(quotas.toSorted(byId).map(',
    replace: 'new Map(quotas.map(',
    caughtBy: assigned('in whatever order'),
  },
  {
    name: 'partitions: a member that is leaving is given partitions',
    file: `${RECIPES}/partitions/stay.ts`,
    find: 'membership.setTraits(traitsOf(0, false))',
    replace: 'membership.setTraits(traitsOf(1, false))',
    caughtBy: group('to others while it drains'),
  },
  {
    name: 'partitions: a member that is silent for good is waited for',
    file: `${RECIPES}/assignment/member-traits.ts`,
    find: "if (state !== 'held' && waits !== WAITS) return 0",
    replace: 'if (waits === undefined) return Number(share)',
    caughtBy: assigned('keeps its share'),
  },
  {
    name: 'partitions: a partition is given back under its work',
    file: `${RECIPES}/share/partition-share.ts`,
    find: 'const onUnwanted = (): void => duty.ask(unwanted.reason)',
    replace: 'const onUnwanted = (): void => (duty.ask(unwanted.reason), void lease.release())',
    caughtBy: group('when its work has returned, and not before'),
  },
  {
    name: 'partitions: a work that was lost ends the group',
    file: `${RECIPES}/share/partition-share.ts`,
    find: 'if (!lease.signal.aborted && !(',
    replace: 'if (!(',
    caughtBy: work('is lost and throws'),
  },
  {
    name: 'partitions: a work that stopped as it was told to ends the group',
    file: `${RECIPES}/share/partition-share.ts`,
    find: 'return error === reason ||',
    replace: 'return',
    caughtBy: work('that throws what stopping gave it'),
  },
  {
    name: 'partitions: a partition that comes back while its work stops is forgotten',
    file: `${RECIPES}/share/share-set.ts`,
    find: '        if (this.#known !== undefined) this.follow(this.#known)\n',
    replace: '',
    caughtBy: work('is given back to it while its work still stops'),
  },
  {
    name: 'partitions: the place of a member that restarts is not kept',
    file: `${RECIPES}/partitions/stay.ts`,
    find: 'membership.leaveFor(this.#isRestart ? this.#plan.rejoinWithinMs : 0)',
    replace: 'membership.leave()',
    caughtBy: group('that restarts within rejoinWithin'),
  },
  {
    name: 'partitions: the others do not wait for a member that fell silent',
    file: `${RECIPES}/partitions/index.ts`,
    find: 'lockDelayMs: rejoinWithinMs',
    replace: 'lockDelayMs: 0',
    caughtBy: group('is waited for so long'),
  },
  {
    name: 'partitions: a member that was thought gone does not join again',
    file: `${RECIPES}/partitions/line-partitions.ts`,
    find: "if (end === 'left') return",
    replace: 'return',
    caughtBy: group('joins anew'),
  },
  {
    name: 'partitions: an assignment is made for each member that joins',
    file: `${RECIPES}/assignment/assigner.ts`,
    find: '        await sleep(this.#client.clock, this.#plan.settleMs, ends)\n',
    replace: '',
    caughtBy: group('makes one assignment'),
  },
  {
    name: 'partitions: a new leader gives out all partitions anew',
    file: `${RECIPES}/assignment/assigner.ts`,
    find: 'let owners = this.#known()',
    replace: 'let owners = this.#known().map((): Owner => null)',
    caughtBy: group('no partition that stays is interrupted'),
  },
]
