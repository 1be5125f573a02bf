/** `holdfast lab replay NAME`: plays it, says what was seen, and leaves a page with one timeline a take. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '@holdfast/testbed/command-line'
import { timelineHtml, type TimelineSection } from '../../timeline/page.ts'
import type { LabCall } from '../lab-call.ts'
import { freeFolder, parse } from '../options.ts'
import { exitCodes } from '../verdict.ts'
import { scenarios } from '../scenarios/catalogue.ts'
import { missingOf } from '../scenarios/needs.ts'
import { type PlayedTake, replay } from '../scenarios/replay.ts'
import type { Scenario } from '../scenarios/scenario.ts'

const OUT_DEFAULT = 'holdfast-lab'

/** 0: every claim was seen. 2: one was not, so the replay showed nothing. */
export async function replayCommand({ args, stdout }: LabCall): Promise<number> {
  const { values, words } = parse('replay', args, { out: 'text', json: 'flag' }, 1)
  const [name] = words
  if (name === undefined) {
    for (const [each, { foundBy, shows }] of scenarios)
      stdout.write(`${each}\n  shows: ${shows}\n  found by: ${foundBy}\n`)
    return exitCodes.held
  }
  const scenario = scenarios.get(name)
  if (scenario === undefined)
    throw new UsageError(`there is no replay "${name}"; there are ${[...scenarios.keys()].join(', ')}`)
  const reason = await missingOf(scenario.needs)
  if (reason !== undefined) throw new UsageError(`replay ${name}: ${reason}`)
  const out = freeFolder(
    values.out ?? join(OUT_DEFAULT, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${name}`),
  )
  const played = await replay(scenario, out)
  const seen = played.every(({ shown }) => shown.every((each) => each.seen))
  const timeline = join(out, 'timeline.html')
  writeFileSync(timeline, pageOf(name, scenario, played))
  if (values.json === true) stdout.write(`${JSON.stringify(documentOf(name, scenario, played, timeline))}\n`)
  else stdout.write(textOf(scenario, played, timeline))
  return seen ? exitCodes.held : exitCodes.notJudged
}

function textOf({ shows, foundBy }: Scenario, played: readonly PlayedTake[], timeline: string): string {
  const takes = played.flatMap(({ take, shown }) => [
    take.title,
    ...shown.map(({ claim, seen, detail }) => `  ${seen ? 'seen' : 'NOT SEEN'}: ${claim} (${detail})`),
  ])
  return [`Shows: ${shows}.`, `Found by: ${foundBy}.`, ...takes, `Timeline: ${timeline}`, ''].join('\n')
}

function documentOf(
  name: string,
  { shows, foundBy }: Scenario,
  played: readonly PlayedTake[],
  timeline: string,
): object {
  const takes = played.map(({ take: { title, guard }, shown }) => ({ title, guard, shown }))
  return {
    v: 1,
    name,
    shows,
    foundBy,
    seen: takes.every(({ shown }) => shown.every(({ seen }) => seen)),
    takes,
    timeline,
  }
}

function pageOf(name: string, { shows, foundBy }: Scenario, played: readonly PlayedTake[]): string {
  return timelineHtml({
    title: `Replay: ${name}`,
    text: `${shows[0]?.toUpperCase() ?? ''}${shows.slice(1)}. Found by: ${foundBy}.`,
    footer: `Made by holdfast lab replay ${name} from what the processes recorded (Node ${process.version}).`,
    sections: played.map(sectionOf),
  })
}

function sectionOf({ take, shown, events }: PlayedTake): TimelineSection {
  const t = events[0]?.t ?? '0'
  return {
    title: take.title,
    text: shown.map(({ claim, detail }) => `${claim} (${detail})`).join('; '),
    verdict: shown.every(({ seen }) => seen) ? 'Seen as it was told.' : 'Not seen: this take shows nothing.',
    tone: shown.every(({ seen }) => seen) ? 'good' : 'bad',
    events: events.filter(({ f }) => f !== 'enqueue' && f !== 'renew'),
    findings: [],
    moments: shown.map(({ claim, seen }) => ({ t, text: claim, tone: seen ? 'plain' : 'bad' })),
  }
}
