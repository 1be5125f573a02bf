/** Damages to what a reader of the fault lab trusts: the timeline, its links, the judge of any history. */
import type { Check, Mutant } from './mutant.ts'

const lab = (file: string): string => `packages/lab/src/${file}`
const viewer: Check = { tests: [lab('timeline/viewer/viewer.test.ts')] }
const drawing: Check = { tests: [lab('faultlab/report/drawing.test.ts')] }
const judging: Check = { tests: [lab('faultlab/judging/command.test.ts')] }

export const timelineMutants: readonly Mutant[] = [
  {
    name: 'timeline: what began before the part that is shown is not drawn',
    file: lab('timeline/viewer/visible.ts'),
    find: 'endMs = Math.max(endMs, item.toMs)',
    replace: 'endMs = item.fromMs',
    caughtBy: viewer,
  },
  {
    name: 'timeline: zooming moves the moment under the pointer',
    file: lab('timeline/viewer/view.ts'),
    find: 'fromMs: aroundMs - nextMs * share,',
    replace: 'fromMs: aroundMs - nextMs / 2,',
    caughtBy: viewer,
  },
  {
    name: 'timeline: a filter for a lock hides the faults',
    file: lab('timeline/viewer/things.ts'),
    find: ' && thing.lock !== -1',
    replace: '',
    caughtBy: viewer,
  },
  {
    name: 'timeline: a filter for a token hides the violations',
    file: lab('timeline/viewer/things.ts'),
    find: "thing.kind === 'violation' && thing.text.includes(filter.token)",
    replace: 'false',
    caughtBy: viewer,
  },
  {
    name: 'timeline: a mark links to the line beside its own',
    file: lab('faultlab/report/drawing.ts'),
    find: 'const FIRST_EVENT_LINE = 2',
    replace: 'const FIRST_EVENT_LINE = 1',
    caughtBy: drawing,
  },
  {
    name: 'timeline: a fault of a server is not in its lane',
    file: lab('timeline/spells.ts'),
    find: "event.in?.['target'] === name",
    replace: "event.in?.['target'] === name && name.startsWith('w')",
    caughtBy: drawing,
  },
  {
    name: 'lab judge: a violation is no violation',
    file: lab('faultlab/judging/command.ts'),
    find: "violations.length > 0 ? 'violated' :",
    replace: "violations.length < 0 ? 'violated' :",
    caughtBy: judging,
  },
  {
    name: 'lab judge: nine grants are enough',
    file: lab('faultlab/judging/command.ts'),
    find: 'found.grants >= GRANTS_MIN',
    replace: 'found.grants >= 0',
    caughtBy: judging,
  },
]
