/** Damages to what a reader of the fault lab trusts: the timeline, its links, the judge of any history. */
import type { Check, Mutant } from './mutant.ts'

const viewer: Check = { tests: ['packages/lab/src/timeline/viewer/viewer.test.ts'] }
const drawing: Check = { tests: ['packages/lab/src/timeline/drawing.test.ts'] }
const judging: Check = { tests: ['packages/lab/src/faultlab/commands/judge.test.ts'] }

export const timelineMutants: readonly Mutant[] = [
  {
    name: 'trace: what is waited for stands on the track of what is held',
    file: 'packages/lab/src/timeline/perfetto.ts',
    find: "wait: 'waits' }",
    replace: "wait: 'holds' }",
    caughtBy: { tests: ['packages/lab/src/timeline/perfetto.test.ts'], named: 'each lane is a process' },
  },
  {
    name: 'lab: a grant whose line is half written is not counted when it is whole',
    file: 'packages/lab/src/faultlab/history/grant-count.ts',
    find: 'this.#offsets.set(name, offset + end)',
    replace: 'this.#offsets.set(name, offset + length)',
    caughtBy: { tests: ['packages/lab/src/faultlab/report/progress.test.ts'], named: 'grants are counted once each' },
  },
  {
    name: 'timeline: what began before the part that is shown is not drawn',
    file: 'packages/lab/src/timeline/viewer/visible.ts',
    find: 'endMs = Math.max(endMs, item.toMs)',
    replace: 'endMs = item.fromMs',
    caughtBy: viewer,
  },
  {
    name: 'timeline: zooming moves the moment under the pointer',
    file: 'packages/lab/src/timeline/viewer/view.ts',
    find: 'fromMs: aroundMs - nextMs * share,',
    replace: 'fromMs: aroundMs - nextMs / 2,',
    caughtBy: viewer,
  },
  {
    name: 'timeline: a filter for a lock hides the faults',
    file: 'packages/lab/src/timeline/viewer/things.ts',
    find: ' && thing.lock !== -1',
    replace: '',
    caughtBy: viewer,
  },
  {
    name: 'timeline: a filter for a token hides the violations',
    file: 'packages/lab/src/timeline/viewer/things.ts',
    find: "thing.kind === 'violation' && thing.text.includes(filter.token)",
    replace: 'false',
    caughtBy: viewer,
  },
  {
    name: 'timeline: a mark links to the line beside its own',
    file: 'packages/lab/src/timeline/drawing.ts',
    find: 'const FIRST_EVENT_LINE = 2',
    replace: 'const FIRST_EVENT_LINE = 1',
    caughtBy: drawing,
  },
  {
    name: 'timeline: a fault of a server is not in its lane',
    file: 'packages/lab/src/timeline/fault-marks.ts',
    find: "event.in?.['target'] === name",
    replace: "event.in?.['target'] === name && name.startsWith('w')",
    caughtBy: drawing,
  },
  {
    name: 'lab judge: a violation is no violation',
    file: 'packages/lab/src/faultlab/commands/judge.ts',
    find: "violations.length > 0 ? 'violated' :",
    replace: "violations.length < 0 ? 'violated' :",
    caughtBy: judging,
  },
  {
    name: 'lab judge: nine grants are enough',
    file: 'packages/lab/src/faultlab/commands/judge.ts',
    find: 'found.grants >= GRANTS_MIN',
    replace: 'found.grants >= 0',
    caughtBy: judging,
  },
]
