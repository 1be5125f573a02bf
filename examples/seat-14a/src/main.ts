/** `npm run demo`: three acts, one page, and an exit code that tells whether they showed what they claim. */
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { type Act, acts, SEAT } from './acts.ts'
import { ChildProcesses } from '@holdfast/testbed/child-processes'
import { InOrder } from './in-order.ts'
import { UsageError } from '@holdfast/testbed/command-line'
import { type DemoOptions, helpText, parseOptions } from './options.ts'
import { firstPace, latenessMs, type Pace, paceOf } from './pace.ts'
import { type Files, type PlayedAct, prepareFiles, writeFiles } from './output.ts'
import { Printer } from './printer.ts'
import { play, type Settings } from './stage.ts'
import { Story } from './story.ts'
import { verdictOf } from './verdict.ts'

const ARRIVAL_MS = 20
/** No measure of anything: only an act that hangs takes so long. */
const ACT_LIMIT_MS = 300_000

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(helpText)
    return 0
  }
  if (process.platform === 'win32')
    throw new UsageError('the demo stops processes with SIGSTOP, which Windows does not have')
  const files = prepareFiles(options.out)
  const printer = new Printer(options.json ? process.stderr : process.stdout, process.env)
  const crew = new ChildProcesses()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'))
  cleanUpAtExit(crew, folder)
  const settings: Settings = { ...options, arrivalMs: ARRIVAL_MS, limitMs: ACT_LIMIT_MS }
  printer.text(
    `${settings.buyers} buyers in ${settings.processes} processes want the one seat ${SEAT}. Each of them looks whether it is free, ` +
      `charges a card at another company (slow), and writes the ticket into a real SQLite database.`,
  )
  const played: PlayedAct[] = []
  let pace = firstPace
  for (const act of acts) {
    const done = await perform(act, { printer, crew, folder, settings, pace })
    played.push(done)
    if (act.way === 'no-lock') {
      pace = paceOf(latenessMs(done.events, pace.chargeMs))
      printer.pace(pace)
    }
  }
  writeFiles(files, played, { ...settings, ...pace })
  return conclude(options, printer, played, files)
}

interface Setting {
  readonly printer: Printer
  readonly crew: ChildProcesses
  readonly folder: string
  readonly settings: Settings
  readonly pace: Pace
}

async function perform(act: Act, { printer, crew, folder, settings, pace }: Setting): Promise<PlayedAct> {
  printer.act(act)
  const story = new Story(act)
  const inOrder = new InOrder((event: HistoryEvent) => {
    printer.startsAt(event.t)
    for (const moment of story.tell(event)) printer.moment(moment)
  }, pace.lateMs)
  try {
    const events = await play(act, { crew, folder, settings, pace, onEvent: (event) => inOrder.add(event) })
    inOrder.end()
    const verdict = verdictOf(act, events, settings.buyers)
    printer.verdict({ act, verdict })
    return { act, verdict, events }
  } finally {
    inOrder.end()
  }
}

function conclude(options: DemoOptions, printer: Printer, played: readonly PlayedAct[], files: Files): number {
  const shown = played.every(({ verdict }) => verdict.shown)
  printer.summary(played)
  printer.text(
    shown
      ? 'A lock alone cannot keep a stopped holder from writing late. Its token lets the database refuse.'
      : 'This run did not show what it claims. The lines above say which act, and what it should have shown.',
  )
  printer.text(`Timeline: ${files.timeline}`)
  if (options.json) {
    const summary = played.map(({ act, verdict }) => ({
      act: act.number,
      way: act.way,
      expects: act.expects,
      ...verdict,
    }))
    process.stdout.write(`${JSON.stringify({ shown, acts: summary, ...files }, null, 2)}\n`)
  }
  return shown ? 0 : 1
}

/** Also on Ctrl-C, on a closed terminal and on a bug: no process and no file of ours stays. */
function cleanUpAtExit(crew: ChildProcesses, folder: string): void {
  process.once('exit', () => {
    crew.killAll()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]))
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}
