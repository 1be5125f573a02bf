/** Damages to the guards for files: the second look at the markers, what a reader is shown, how long a lock is held. */
import type { Check, Mutant } from './mutant.ts'

const files = 'packages/holdfast/src/guards/files'
const tests = (file: string, named: string): Check => ({ tests: [`${files}/${file}.test.ts`], named })

export const fileGuardMutants: readonly Mutant[] = [
  {
    name: 'file guard: a write that was overtaken counts as accepted',
    file: `${files}/fence.ts`,
    find: 'if (newest > admission.token) throw overtaken(admission, newest)',
    replace: '',
    caughtBy: tests('fence', 'a write that was overtaken'),
  },
  {
    name: 'file guard: a version of another process with the same token is replaced',
    file: `${files}/versions.ts`,
    find: 'await link(draft,',
    replace: "await (await import('node:fs/promises')).rename(draft,",
    caughtBy: tests('fence', 'two processes with one token'),
  },
  {
    name: 'file guard: the lock ends before the work',
    file: `${files}/flock-fence.ts`,
    find: '        return await work()',
    replace: '        await file.close()\n        return await work()',
    caughtBy: tests('flock-fence', 'stopped in the middle of its work'),
  },
  {
    name: 'file guard: a damaged mark is taken for none',
    file: `${files}/flock-fence.ts`,
    find: 'if (!MARK.test(text)) throw unreadable(resource)',
    replace: 'if (!MARK.test(text)) return 0n',
    caughtBy: tests('flock-fence', 'a mark that is damaged'),
  },
]
