/** `holdfast lab …`: arguments in, exit code out. */
import { constants } from 'node:os'
import { UsageError } from '@holdfast/testbed/command-line'
import { findBrokenCommand } from './commands/find-broken.ts'
import { helpText } from './help.ts'
import { judgeCommand } from './commands/judge.ts'
import { replayCommand } from './commands/replay.ts'
import { runCommand } from './commands/run.ts'
import { soakCommand } from './commands/soak.ts'
import type { LabCall } from './lab-call.ts'
import { exitCodes } from './verdict.ts'

type Action = (call: LabCall) => Promise<number>

const actions: ReadonlyMap<string, Action> = new Map([
  ['run', runCommand],
  ['replay', replayCommand],
  ['soak', soakCommand],
  ['judge', judgeCommand],
  ['find-broken', findBrokenCommand],
])

/** Never throws. Whatever goes wrong is one line on stderr, and means that nothing was judged. */
export async function labMain(call: LabCall): Promise<number> {
  const [word = 'help', ...args] = call.args
  if (word === 'help' || call.args.includes('--help') || call.args.includes('-h')) {
    call.stdout.write(helpText)
    return exitCodes.held
  }
  const stopListening = endWithSignals()
  try {
    const action = actions.get(word)
    if (action === undefined) throw new UsageError(`lab has no "${word}"; see holdfast lab --help`)
    return await action({ ...call, args })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    call.stderr.write(`holdfast: ${error instanceof UsageError ? '' : 'could not judge: '}${text}\n`)
    return exitCodes.notJudged
  } finally {
    stopListening()
  }
}

/** So that the workers are ended: they are killed when the driver exits. */
function endWithSignals(): () => void {
  const end = (signal: NodeJS.Signals): void => process.exit(128 + constants.signals[signal])
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, end)
  return () => signals.forEach((signal) => process.off(signal, end))
}
