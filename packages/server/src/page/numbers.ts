/// <reference lib="dom" />
/** The numbers at the head of the page, and what needs a look. What nothing reports is said to be so, and is not 0. */
import type { HistorySummary, Percentiles } from '../line-history.ts'
import { element } from './elements.ts'
import type { Totals } from './line-table.ts'
import { durationText } from './words.ts'

/** What the server says of its picture, with each round of looks. */
export interface PictureState extends HistorySummary {
  readonly isCut: boolean
  /** Absent while the store answers. */
  readonly awayMs?: number
  /** Between two looks at a line that no store tells of. */
  readonly restMs: number
}

/** Below this a look is as good as being told. */
const REST_MS_SHOWN = 2_000

export function drawNumbers({ held, waiting, stuck, overdue }: Totals, state: PictureState | undefined): void {
  const numbers: readonly (readonly [string, string])[] = [
    ['held', String(held)],
    ['waiting', String(waiting)],
    ['grants in a minute', String(state?.grantsPerMinute ?? 0)],
    ['wait, as seen', percentileText(state?.waitMs ?? null)],
    ['hold, as seen', percentileText(state?.holdMs ?? null)],
    ['lost leases, stale writes', 'not reported'],
  ]
  element('numbers', HTMLElement).replaceChildren(
    ...numbers.flatMap(([name, value]) => [textElement('dt', name), textElement('dd', value)]),
  )
  const { awayMs, isCut = false, restMs = 0 } = state ?? {}
  const notices = [
    stuck > 0 ? `${stuck} ${stuck === 1 ? 'line has' : 'lines have'} not moved for 5 minutes` : '',
    overdue > 0 ? `${overdue} ${overdue === 1 ? 'lease' : 'leases'} should have ended` : '',
    isCut ? 'only the first 10,000 locks are shown' : '',
    awayMs === undefined ? '' : `the store has not answered for ${durationText(awayMs)}`,
    restMs > REST_MS_SHOWN ? `most lines are looked at every ${durationText(restMs)}` : '',
  ].filter((notice) => notice !== '')
  const notice = element('notice', HTMLElement)
  notice.hidden = notices.length === 0
  notice.textContent = notices.join(' · ')
}

function textElement(tag: string, value: string): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = value
  return made
}

function percentileText(found: Percentiles | null): string {
  return found === null ? 'none yet' : `p50 ${durationText(found.p50)}, p99 ${durationText(found.p99)}`
}
