/** What a run leaves: the merged history, the verdict for programs, the page for people. */
import { writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { type HistoryEvent, type HistoryHeader, historyText } from '@holdfast/testbed/history'
import { PERSISTENCE_DEFAULT, RESOURCE_DEFAULT, type Settings } from '../settings.ts'
import { exitCodes, type LabVerdict } from '../verdict.ts'
import { drawingOf } from '../../timeline/drawing.ts'
import { toPerfetto } from '../../timeline/perfetto.ts'
import { pageOf } from './page.ts'

export interface Files {
  readonly history: string
  readonly verdict: string
  readonly timeline: string
}

const VIOLATIONS_KEPT = 1_000

export function writeFiles(settings: Settings, verdict: LabVerdict, events: readonly HistoryEvent[]): Files {
  const { out } = settings
  const files = {
    history: join(out, 'history.ndjson'),
    verdict: join(out, 'verdict.json'),
    timeline: join(out, 'timeline.html'),
  }
  const history = historyText(headerOf(settings), events)
  writeFileSync(files.history, history)
  writeFileSync(files.verdict, `${JSON.stringify(documentOf(settings, verdict), null, 2)}\n`)
  writeFileSync(files.timeline, pageOf({ settings, verdict, events, history, command: commandOf(settings) }))
  return files
}

/** For ui.perfetto.dev and chrome://tracing: the same lanes as the timeline. */
export function writeTrace(
  path: string,
  settings: Settings,
  { text, violations, excused }: LabVerdict,
  events: readonly HistoryEvent[],
): void {
  const model = drawingOf(events, [...violations, ...excused.flatMap((each) => each.violations)])
  writeFileSync(path, `${JSON.stringify(toPerfetto(model, { command: commandOf(settings), verdict: text }))}\n`)
}

/** Everything but the events. No store URL: it may carry a password. */
export function documentOf(settings: Settings, verdict: LabVerdict): object {
  const { scheme, persistence, resource, faults, forMs, workers, seed, ttlMs, guard, lock } = settings
  return {
    v: 1,
    ...verdict,
    exitCode: exitCodes[verdict.result],
    violationCount: verdict.violations.length,
    violations: verdict.violations.slice(0, VIOLATIONS_KEPT),
    run: {
      store: scheme,
      persistence,
      resource,
      faults,
      forMs,
      workers,
      seed,
      ttlMs,
      guard,
      lock: lock.kind === 'broken' ? lock.name : lock.kind,
    },
    versions: { node: process.version, kernel: release() },
    command: commandOf(settings),
  }
}

/** The seed repeats the choices; real processes do not repeat their timing. */
export function commandOf(settings: Settings): string {
  const { scheme, isOwn, persistence, resource, faults, forMs, workers, seed, ttlMs, guard, lock } = settings
  const options = [
    `--store ${scheme}:${isOwn ? '' : '…'}`,
    ...(persistence === PERSISTENCE_DEFAULT ? [] : [`--persistence ${persistence}`]),
    ...(resource === RESOURCE_DEFAULT ? [] : [`--resource ${resource}:`]),
    `--faults ${faults.length === 0 ? 'none' : faults.join(',')}`,
    `--for ${forMs / 1000}s`,
    `--workers ${workers}`,
    `--ttl ${ttlMs}ms`,
    `--seed ${seed}`,
    ...(guard ? [] : ['--guard off']),
    ...(lock.kind === 'broken' ? [`--broken ${lock.name}`] : []),
    ...(lock.kind === 'module' ? ['--lock …'] : []),
  ]
  return `holdfast lab run ${options.join(' ')}`
}

function headerOf(settings: Settings): HistoryHeader {
  const { seed, scheme, faults } = settings
  const versions = { node: process.version, seed }
  return { v: 1, run: `lab-${seed}`, backend: scheme, versions, faults, expectations: [] }
}
