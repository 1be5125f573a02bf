/** The picture of `holdfast watch`: pure text for a size, so that it can be tested without a terminal. */
import type { ClaimView } from 'holdfast'
import stringWidth from 'string-width'
import { type NamedLine, unreadableInWords } from './look.ts'
import { clipped, fitted, shortDuration } from './text.ts'
import type { View } from './watch-view.ts'

export type Tone = 'title' | 'head' | 'fresh' | 'lost' | 'quiet' | 'trouble' | 'plain'

export interface FrameLine {
  readonly text: string
  readonly tone: Tone
}

/** Without a limit nothing is cut. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

export interface Frame {
  readonly title: string
  readonly view: View
  /** Makes the text of others fit to be shown, before it is cut: half a secret would not be recognised. */
  clean(text: string): string
  /** How long a claim has been seen in its state. */
  age(name: string, claim: ClaimView): { readonly text: string; readonly isFresh: boolean }
  /** Newest last. */
  readonly recent: readonly { readonly text: string; readonly isLoss: boolean }[]
  /** What is to be known about the picture. */
  readonly notice: string | undefined
  /** The store cannot be asked at the moment. */
  readonly trouble: string | undefined
}

interface Row {
  readonly cells: readonly string[]
  readonly tone: Tone
}

const HEAD = ['NAME', 'STATE', 'TOKEN', 'FOR', 'ENDS IN', 'OWNER', 'NOTE'] as const
/** What grows while one looks has its place from the start, so that the columns stand still. */
const WIDTHS_LEAST = [0, 9, 16, 7, 7, 0, 0] as const
/** Which columns give way when the terminal is narrow, in this order, and how far. */
const GIVING_WAY = [
  { column: 6, least: 4 },
  { column: 5, least: 8 },
  { column: 0, least: 12 },
] as const
const GAP = 2
/** One line must not push all others off the screen. */
const HOLDERS_SHOWN = 4
const WAITERS_SHOWN = 4
const UNREADABLE_SHOWN = 3
/** Below this the last changes are left out: the locks matter more. */
const ROWS_FOR_RECENT = 14
const RECENT_SHOWN = 4

export function frameLines(frame: Frame, size: Size): readonly FrameLine[] {
  const { view, recent } = frame
  const news = size.rows >= ROWS_FOR_RECENT ? recent.slice(-RECENT_SHOWN) : []
  const footer: FrameLine[] = news.map(({ text, isLoss }) => ({
    text: frame.clean(text),
    tone: isLoss ? 'lost' : 'quiet',
  }))
  if (footer.length > 0) footer.unshift({ text: '', tone: 'plain' })
  const header: FrameLine[] = [{ text: frame.clean(frame.title), tone: 'title' }]
  if (frame.notice !== undefined) header.push(quiet(frame.clean(frame.notice)))
  if (frame.trouble !== undefined) header.push({ text: frame.clean(frame.trouble), tone: 'trouble' })
  header.push(...unreadableLines(frame))
  const room = size.rows - header.length - footer.length - 1
  const body = view.listed.size === 0 ? [quiet('nobody holds or waits for anything')] : bodyOf(frame, room, size)
  const lines = [...header, ...body, ...footer].slice(0, size.rows)
  return lines.map(({ text, tone }) => ({ text: clipped(text, size.columns), tone }))
}

/** Named, and not so many that the others have no room. */
function unreadableLines({ view: { unreadable }, clean }: Frame): readonly FrameLine[] {
  const lines = unreadable.slice(0, UNREADABLE_SHOWN).map(unreadableInWords)
  const more = unreadable.length - UNREADABLE_SHOWN
  if (more > 0) lines.push(`… and ${more} more that cannot be shown`)
  return lines.map((text): FrameLine => ({ text: clean(text), tone: 'trouble' }))
}

function bodyOf(frame: Frame, room: number, size: Size): readonly FrameLine[] {
  const { view } = frame
  const groups = view.lines.map((named) => rowsOf(named, frame))
  const all = groups.reduce((sum, group) => sum + group.length, 0)
  const readable = view.listed.size - view.unreadable.length
  const isWhole = all <= room && view.lines.length === readable && !view.isCut
  const rows: Row[] = []
  let shown = 0
  for (const group of groups) {
    // The last line of the room says what is missing.
    if (!isWhole && rows.length + group.length > room - 1 && shown > 0) break
    rows.push(...group)
    shown += 1
  }
  const lines = laidOut(rows, size.columns)
  const more = readable - shown
  return isWhole || (more === 0 && !view.isCut)
    ? lines
    : [...lines, quiet(`… and ${view.isCut ? 'at least ' : ''}${more} more`)]
}

/** The rows of one name: holders first, as they stand in the line, then waiters with their places. */
function rowsOf(named: NamedLine, frame: Frame): readonly Row[] {
  const { name, line } = named
  const ahead = line.claims.filter(({ state }) => state !== 'waiting')
  const waiting = line.claims.filter(({ state }) => state === 'waiting')
  const rows: Row[] = []
  const add = (claim: ClaimView, state: string, tone: Tone): void => {
    const { text, isFresh } = frame.age(name, claim)
    const label = rows.length === 0 ? name : ''
    const token = claim.token === undefined ? '' : String(claim.token)
    const ends = claim.endsInMs === undefined ? '-' : shortDuration(claim.endsInMs)
    const cells = [label, state, token, text, ends, claim.owner, claim.note]
    rows.push({
      cells: cells.map((cell) => frame.clean(cell)),
      tone: isFresh ? (claim.state === 'lingering' ? 'lost' : 'fresh') : tone,
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

function laidOut(rows: readonly Row[], columns: number): readonly FrameLine[] {
  const full = rows.filter(({ cells }) => cells.length === HEAD.length)
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, WIDTHS_LEAST[column] ?? 0, ...full.map(({ cells }) => stringWidth(cells[column] ?? ''))),
  )
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - columns
  for (const { column, least } of GIVING_WAY) {
    const given = Math.max(0, Math.min(excess, (widths[column] ?? 0) - least))
    widths[column] = (widths[column] ?? 0) - given
    excess -= given
  }
  const textOf = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (cells.length < HEAD.length && column > 0 ? cell : fitted(cell, widths[column] ?? 0)))
      .join(' '.repeat(GAP))
      .trimEnd()
  return [
    { text: textOf(HEAD), tone: 'head' },
    ...rows.map(({ cells, tone }): FrameLine => ({ text: textOf(cells), tone })),
  ]
}

function quiet(text: string): FrameLine {
  return { text, tone: 'quiet' }
}
