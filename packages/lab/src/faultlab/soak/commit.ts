/** Which code the lab is made of: rounds of two of them do not make one row. */
import { execFileSync } from 'node:child_process'

/** What decides what a run does. The track record and the pages may change while a soak goes on. */
const CODE = [':/packages', ':/package.json', ':/package-lock.json', ':/scripts']

/** With a plus when the code is not as committed, because then it is only near to it; `unknown` outside a repository. */
export function commitOfLab(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', ...CODE) === '' ? '' : '+'}`
  } catch {
    return 'unknown'
  }
}
