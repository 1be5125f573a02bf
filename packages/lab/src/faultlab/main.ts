/** `holdfast lab …`: arguments in, exit code out. */
import { constants } from 'node:os'
import { UsageError } from '@holdfast/testbed/command-line'
import { rightsReached } from '@holdfast/testbed/os/rights'
import { findBrokenCommand } from './commands/find-broken.ts'
import { helpText } from './help.ts'
import { judgeCommand } from './commands/judge.ts'
import { parse, runOptions, settingsOf } from './options.ts'
import { commandOf, documentOf, writeFiles } from './report/files.ts'
import { playRun } from './run.ts'
import { replayCommand } from './commands/replay.ts'
import { soakCommand } from './commands/soak.ts'
import type { LabCall } from './lab-call.ts'
import { lockName } from './settings.ts'
import { exitCodes } from './verdict.ts'

type Action = (call: LabCall) => Promise<number>

const VIOLATIONS_TOLD = 10

const actions: ReadonlyMap<string, Action> = new Map([
  ['run', run],
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

async function run({ args, environment, stdout, stderr }: LabCall): Promise<number> {
  const { values } = parse('run', args, { ...runOptions, json: 'flag' })
  const { settings, leftOut } = await settingsOf(values, environment)
  stderr.write(`${lockName(settings)}: ${commandOf(settings)}\n`)
  await tellRights(leftOut, stderr)
  const { events, verdict } = await playRun(settings)
  const files = writeFiles(settings, verdict, events)
  if (values.json === true) {
    stdout.write(`${JSON.stringify({ ...documentOf(settings, verdict), files })}\n`)
    return exitCodes[verdict.result]
  }
  stdout.write(`${verdict.text}\n`)
  for (const { property, p, k, atNs, text } of verdict.violations.slice(0, VIOLATIONS_TOLD)) {
    stdout.write(`  ${property}  ${(atNs / 1e9).toFixed(3)} s  ${p} ${k}: ${text}\n`)
  }
  if (verdict.violations.length > VIOLATIONS_TOLD) {
    stdout.write(`  … and ${verdict.violations.length - VIOLATIONS_TOLD} more\n`)
  }
  for (const { excuse, violations } of verdict.excused) {
    stdout.write(`  ${excuse.property} was broken ${violations.length} times, and may be: ${excuse.because}\n`)
  }
  for (const text of verdict.notJudged) stdout.write(`  not judged: ${text}\n`)
  stdout.write(`${verdict.refusals} stale calls were refused. Timeline: ${files.timeline}\n`)
  return exitCodes[verdict.result]
}

/** Which level of rights was reached, and what that leaves out: never in silence. */
async function tellRights(leftOut: readonly string[], stderr: LabCall['stderr']): Promise<void> {
  const { rights, because } = await rightsReached()
  stderr.write(`rights reached: ${rights} (${because})\n`)
  for (const reason of leftOut) stderr.write(`left out: ${reason}\n`)
}

/** So that the workers are ended: they are killed when the driver exits. */
function endWithSignals(): () => void {
  const end = (signal: NodeJS.Signals): void => process.exit(128 + constants.signals[signal])
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, end)
  return () => signals.forEach((signal) => process.off(signal, end))
}
