/** What the demo leaves behind: the page, and the history it was drawn from. */
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, parse, resolve } from 'node:path'
import { byTime, type HistoryEvent, type HistoryHeader, historyText } from '@holdfast/testbed/history'
import { type TimelinePage, timelineHtml } from '@holdfast/lab/timeline/page'
import { SEAT, SHOP } from './acts.ts'
import { UsageError } from '@holdfast/testbed/command-line'
import type { Pace } from './pace.ts'
import type { Played } from './printer.ts'
import type { Settings } from './stage.ts'
import { Story } from './story.ts'

export interface PlayedAct extends Played {
  readonly events: readonly HistoryEvent[]
}

export interface Files {
  readonly timeline: string
  readonly history: string
}

/** Before anything is played, so that a mistyped path does not cost ten seconds. Makes one missing folder, not a tree. */
export function prepareFiles(out: string): Files {
  const timeline = resolve(out)
  const { dir, name } = parse(timeline)
  try {
    if (!existsSync(dir)) mkdirSync(dir)
    accessSync(dir, constants.W_OK)
  } catch (error) {
    throw new UsageError(`cannot write to ${dir}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return { timeline, history: join(dir, `${name}.ndjson`) }
}

export function writeFiles(files: Files, acts: readonly PlayedAct[], settings: Settings & Pace): void {
  const { timeline, history } = files
  writeFileSync(timeline, timelineHtml(pageOf(acts, settings)))
  writeFileSync(
    history,
    acts.map(({ act, events }) => historyText(headerOf(`demo-act-${act.number}`, act.pause), events)).join(''),
  )
}

function pageOf(acts: readonly PlayedAct[], { buyers, processes, ttlMs }: Settings & Pace): TimelinePage {
  return {
    title: `${buyers} buyers, one seat`,
    text:
      `${buyers} buyers in ${processes} processes want seat ${SEAT}. Each looks whether it is free, charges a card at another company, ` +
      `and writes the ticket. The lease of the lock is ${ttlMs / 1000} s. Point at anything to see what it is, and its token.`,
    footer: `Made by npm run demo of Holdfast, from what the processes recorded (Node ${process.version}). The history is beside this file.`,
    sections: acts.map(({ act, verdict, events }) => ({
      title: act.title,
      text: act.text,
      verdict: verdict.text,
      tone: verdict.tickets === 1 ? 'good' : 'bad',
      events,
      findings: events.filter((event) => event.f === 'commit' && event.in?.['cseq'] !== 1).map(surplusOf),
      moments: storyOf(act, events),
    })),
  }
}

function surplusOf(event: HistoryEvent): { t: string; lane: string; text: string } {
  return { t: event.t, lane: SHOP, text: `ticket ${String(event.in?.['cseq'])}, same seat` }
}

function storyOf(act: PlayedAct['act'], events: readonly HistoryEvent[]): TimelinePage['sections'][number]['moments'] {
  const story = new Story(act)
  return byTime(events).flatMap((event) => story.tell(event))
}

function headerOf(run: string, pause: boolean): HistoryHeader {
  return {
    v: 1,
    run,
    backend: 'sqlite',
    versions: { node: process.version },
    faults: pause ? ['pause'] : [],
    expectations: [],
  }
}
