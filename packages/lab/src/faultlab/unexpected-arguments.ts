/**
 * Words of a command line that belong to no option. They are refused: left aside, `run redis://mine` would judge a lock
 * file of its own and say that nothing is wrong.
 */
import { faultNamed } from './faults/choice.ts'
import { storesWithFaults } from './faults/catalogue.ts'
import { isFlaw } from './traffic/flaws.ts'
import { UsageError } from '@holdfast/testbed/command-line'

/** `takes` words are the command's own, such as the name of a replay. */
export function refuseUnexpectedArguments(command: string, words: readonly string[], takes: number): void {
  const [stray] = words.slice(takes)
  if (stray === undefined) return
  const shown = withoutLogin(stray)
  const option = meantFor(command, stray)
  const instead = option === undefined ? '' : `; did you mean --${option} ${shown}?`
  throw new UsageError(`lab ${command} does not take the word ${JSON.stringify(shown)}${instead}`)
}

function meantFor(command: string, word: string): string | undefined {
  if (command === 'judge' || command === 'replay') return undefined
  if (/^[a-z][a-z+]*:/.test(word)) return 'store'
  if (isFlaw(word)) return command === 'find-broken' ? 'only' : command === 'run' ? 'broken' : undefined
  if (command === 'soak' && /^\d+(?:\.\d+)?$/.test(word)) return 'hours'
  if (/^\d+(?:ms|s|m|h)$/.test(word)) return command === 'soak' ? 'round' : 'for'
  if (command === 'run' && /\.[cm]?js$/.test(word)) return 'lock'
  const isFault = word.split(',').every((name) => storesWithFaults.some((scheme) => faultNamed(scheme, name)))
  return isFault && command !== 'find-broken' ? 'faults' : undefined
}

/** A URL may carry a password. */
function withoutLogin(word: string): string {
  return word.replace(/\/\/\S*@/, '//***@').replace(/\?.*$/, '')
}
