/** The picture of `holdfast watch`: pure text for a size, so that it can be tested without a terminal. */
import type { ClaimView } from 'holdfast'
import { type NamedLine, unreadableInWords } from './look.ts'
import { sparkline } from './sparkline.ts'
import { clipped, lastPart } from './text.ts'
import type { WatchControls } from './watch-controls.ts'
import { formLines, formPrompt } from './watch-form.ts'
import { lockLines } from './watch-lock.ts'
import { cellsOf, type FrameLine, type Row, tableLines, type Tone } from './watch-table.ts'
import type { View } from './watch-view.ts'

/** Without a limit nothing is cut. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The last minute, oldest first. */
export interface Minute {
  readonly grants: readonly number[]
  readonly waiting: readonly number[]
}

export interface Frame {
  readonly title: string
  readonly view: View
  /** Makes the text of others fit to be shown, before it is cut: half a secret would not be recognised. */
  clean(text: string): string
  /** How long a claim has been seen in its state. */
  age(name: string, claim: ClaimView): { readonly text: string; readonly isFresh: boolean }
  /** Of one line, or of all of them. */
  minute(name?: string): Minute
  /** Newest last. */
  readonly recent: readonly { readonly name: string; readonly text: string; readonly isLoss: boolean }[]
  /** What is to be known about the picture. */
  readonly notice: string | undefined
  /** The store cannot be asked at the moment. */
  readonly trouble: string | undefined
  /** Where there are keys. */
  readonly controls?: WatchControls
}

/** One line must not push all others off the screen. */
const HOLDERS_SHOWN = 4
const WAITERS_SHOWN = 4
const UNREADABLE_SHOWN = 3
/** Below this the last changes are left out: the locks matter more. */
const ROWS_FOR_RECENT = 14
const RECENT_SHOWN = 4

export function frameLines(frame: Frame, size: Size): readonly FrameLine[] {
  const { view, controls } = frame
  const header: FrameLine[] = [{ text: frame.clean(frame.title), tone: 'title' }]
  if (controls !== undefined) header.push(summaryLine(frame, controls))
  if (frame.notice !== undefined) header.push(quiet(frame.clean(frame.notice)))
  if (frame.trouble !== undefined) header.push({ text: frame.clean(frame.trouble), tone: 'trouble' })
  header.push(...unreadableLines(frame))
  const footer = [...recentLines(frame, size), ...(controls === undefined ? [] : [promptLine(frame, controls, size)])]
  const room = size.rows - header.length - footer.length - 1
  const body =
    controls?.form !== undefined
      ? formLines(frame, controls.form)
      : controls?.opened !== undefined
        ? lockLines(frame, controls, { room, columns: size.columns })
        : view.wanted === 0
          ? [quiet(emptyText(view, controls))]
          : listLines(frame, room, size)
  // The question stays, however small the terminal is.
  const above = [...header, ...body].slice(0, Math.max(0, size.rows - footer.length))
  const lines = [...above, ...footer].slice(-size.rows)
  return lines.map(({ text, tone }) => ({ text: clipped(text, size.columns), tone }))
}

function recentLines({ recent, controls, clean }: Frame, { rows }: Size): readonly FrameLine[] {
  if (rows < ROWS_FOR_RECENT || controls?.form !== undefined) return []
  const wanted = controls?.opened === undefined ? recent : recent.filter(({ name }) => name === controls.opened)
  const lines = wanted.slice(-RECENT_SHOWN).map(({ text, isLoss }): FrameLine => ({
    text: clean(text),
    tone: isLoss ? 'lost' : 'quiet',
  }))
  return lines.length === 0 ? [] : [{ text: '', tone: 'plain' }, ...lines]
}

function summaryLine({ view, minute, clean }: Frame, controls: WatchControls): FrameLine {
  const claims = view.lines.flatMap(({ line }) => line.claims)
  const count = (wanted: ClaimView['state']): number => claims.filter(({ state }) => state === wanted).length
  const { grants } = minute()
  const granted = grants.reduce((sum, each) => sum + each, 0)
  const parts = [
    `held ${count('held')}`,
    `waiting ${count('waiting')}`,
    `grants ${sparkline(grants)} ${granted} in 60s`,
    ...(controls.filter === '' ? [] : [`"${controls.filter}": ${view.wanted} of ${view.listed.size} names`]),
  ]
  return quiet(clean(parts.join('  ')))
}

function emptyText(view: View, controls: WatchControls | undefined): string {
  if (controls === undefined || view.listed.size === 0) return 'nobody holds or waits for anything'
  return `no name has this in it; ${view.listed.size} are not shown. Esc shows them`
}

function promptLine(frame: Frame, controls: WatchControls, { columns }: Size): FrameLine {
  const { form, isFiltering, filter, opened, notice } = controls
  if (form !== undefined) return formPrompt(frame, form, columns)
  if (isFiltering) return { text: `/${lastPart(frame.clean(filter), columns - 2)}▏`, tone: 'selected' }
  if (notice !== undefined) return { text: frame.clean(notice), tone: 'trouble' }
  const keys = opened === undefined ? ['Enter opens', '/ filters'] : ['Esc goes back']
  return quiet(['↑↓ move', ...keys, 'e evicts', 'q quits'].join(' · '))
}

/** Named, and not so many that the others have no room. */
function unreadableLines({ view: { unreadable }, clean }: Frame): readonly FrameLine[] {
  const lines = unreadable.slice(0, UNREADABLE_SHOWN).map(unreadableInWords)
  const more = unreadable.length - UNREADABLE_SHOWN
  if (more > 0) lines.push(`… and ${more} more that cannot be shown`)
  return lines.map((text): FrameLine => ({ text: clean(text), tone: 'trouble' }))
}

function listLines(frame: Frame, room: number, size: Size): readonly FrameLine[] {
  const { view, controls } = frame
  const selected = controls?.selected(view)
  const lines = controls === undefined ? view.lines : controls.shown(view)
  const groups = lines.map((named) => rowsOf(named, frame, named === selected))
  const all = groups.reduce((sum, group) => sum + group.length, 0)
  const readable = view.wanted - view.unreadable.length
  const isWhole = all <= room && lines.length === readable && !view.isCut
  const first = isWhole || selected === undefined ? 0 : firstShown(groups, lines.indexOf(selected), room - 1)
  const rows: Row[] = []
  let shown = 0
  for (const group of groups.slice(first)) {
    // The last line of the room says what is missing.
    if (!isWhole && rows.length + group.length > room - 1 && shown > 0) break
    rows.push(...group)
    shown += 1
  }
  const table = tableLines('NAME', rows, size.columns)
  const more = Math.max(0, readable - shown - first)
  if (isWhole || (more === 0 && first === 0 && !view.isCut)) return table
  const above = first === 0 ? '' : ` ${first} above and`
  return [...table, quiet(`… and${above} ${view.isCut ? 'at least ' : ''}${more} more`)]
}

/** The first group of those that are shown: 0 as long as the selected one has room below it. */
function firstShown(groups: readonly (readonly Row[])[], selected: number, room: number): number {
  let first = selected
  let rows = groups[selected]?.length ?? 0
  while (first > 0 && rows + (groups[first - 1]?.length ?? 0) <= room) {
    first -= 1
    rows += groups[first]?.length ?? 0
  }
  return first
}

/** The rows of one name: holders first, as they stand in the line, then waiters with their places. */
function rowsOf({ name, line }: NamedLine, frame: Frame, isSelected: boolean): readonly Row[] {
  const ahead = line.claims.filter(({ state }) => state !== 'waiting')
  const waiting = line.claims.filter(({ state }) => state === 'waiting')
  const mark = frame.controls === undefined ? '' : isSelected ? '> ' : '  '
  const rows: Row[] = []
  const add = (claim: ClaimView, state: string, tone: Tone): void => {
    const { text, isFresh } = frame.age(name, claim)
    const label = rows.length === 0 ? mark + name : ''
    const freshTone = claim.state === 'lingering' ? 'lost' : 'fresh'
    rows.push({
      cells: cellsOf(claim, line, { label, state, age: text }).map((cell) => frame.clean(cell)),
      tone: isSelected && rows.length === 0 ? 'selected' : isFresh ? freshTone : tone,
    })
  }
  const more = (count: number, what: string): void => {
    if (count > 0) rows.push({ cells: ['', `… ${count} more ${what}`], tone: 'quiet' })
  }
  for (const claim of ahead.slice(0, HOLDERS_SHOWN)) add(claim, claim.state, 'plain')
  more(ahead.length - HOLDERS_SHOWN, 'hold')
  for (const [index, claim] of waiting.slice(0, WAITERS_SHOWN).entries()) add(claim, `waits ${index + 1}`, 'quiet')
  more(waiting.length - WAITERS_SHOWN, 'wait')
  return rows
}

function quiet(text: string): FrameLine {
  return { text, tone: 'quiet' }
}
