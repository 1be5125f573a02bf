/** `holdfast lab run`: one run, drawn while it is played where there is a terminal, told and kept when it is over. */
import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UsageError } from '@holdfast/testbed/command-line'
import { rightsReached } from '@holdfast/testbed/os/rights'
import type { LabCall } from '../lab-call.ts'
import { parse, runOptions, settingsOf } from '../options.ts'
import { commandOf, documentOf, writeFiles, writeTrace } from '../report/files.ts'
import { Progress } from '../report/progress.ts'
import { type Played, playRun, processFolderOf } from '../run.ts'
import { lockName, type Settings } from '../settings.ts'
import { exitCodes } from '../verdict.ts'

const VIOLATIONS_TOLD = 10

export async function runCommand({ args, environment, stdout, stderr }: LabCall): Promise<number> {
  const { values } = parse('run', args, { ...runOptions, json: 'flag', trace: 'text' })
  const trace = values.trace === undefined ? undefined : freeFile(values.trace)
  const { settings, leftOut } = await settingsOf(values, environment)
  stderr.write(`${lockName(settings)}: ${commandOf(settings)}\n`)
  await tellRights(leftOut, stderr)
  const { events, verdict } = await played(settings, stderr)
  const files = writeFiles(settings, verdict, events)
  if (trace !== undefined) writeTrace(trace, settings, verdict, events)
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

async function played(settings: Settings, stderr: LabCall['stderr']): Promise<Played> {
  if (stderr.isTTY !== true) return playRun(settings)
  const progress = new Progress(stderr, settings, processFolderOf(settings))
  try {
    return await playRun(settings, progress)
  } finally {
    progress.close()
  }
}

/** Looked at before the run: a mistake must not cost what a minute of faults has shown. */
function freeFile(path: string): string {
  const file = resolve(path)
  if (existsSync(file)) throw new UsageError(`--trace: ${file} exists; a trace overwrites nothing`)
  const folder = dirname(file)
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new UsageError(`--trace: there is no folder ${folder}`)
  return file
}

/** Which level of rights was reached, and what that leaves out: never in silence. */
async function tellRights(leftOut: readonly string[], stderr: LabCall['stderr']): Promise<void> {
  const { rights, because } = await rightsReached()
  stderr.write(`rights reached: ${rights} (${because})\n`)
  for (const reason of leftOut) stderr.write(`left out: ${reason}\n`)
}
