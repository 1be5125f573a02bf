/** The page of one lock in `holdfast watch`: all its claims, and how long its queue was in the last minute. */
import { holdersInWords } from './line-view.ts'
import { sparkline } from './sparkline.ts'
import type { WatchControls } from './watch-controls.ts'
import type { Frame } from './watch-frame.ts'
import { cellsOf, type FrameLine, type Row, tableLines } from './watch-table.ts'

export function lockLines(
  frame: Frame,
  controls: WatchControls,
  { room, columns }: { readonly room: number; readonly columns: number },
): readonly FrameLine[] {
  const name = controls.opened ?? ''
  const line = controls.openedLine(frame.view)?.line
  const holders = line && holdersInWords(line)
  const { grants, waiting } = frame.minute(name)
  const granted = grants.reduce((sum, each) => sum + each, 0)
  const head: readonly FrameLine[] = [
    {
      text: frame.clean(`${name}: ${holders === undefined ? 'nobody holds it' : `held by ${holders}`}`),
      tone: 'plain',
    },
    {
      text: `queue ${sparkline(waiting)} ${waiting.at(-1) ?? 0}  grants ${sparkline(grants)} ${granted} in 60s`,
      tone: 'quiet',
    },
  ]
  if (line === undefined) return head
  const selected = controls.selectedClaim(frame.view)
  let place = 0
  const rows = line.claims.map((claim): Row => {
    place += claim.state === 'waiting' ? 1 : 0
    const { text: age, isFresh } = frame.age(name, claim)
    const label = `${claim === selected ? '>' : ' '} ${claim.id}`
    const state = claim.state === 'waiting' ? `waits ${place}` : claim.state
    const tone = claim === selected ? 'selected' : isFresh ? 'fresh' : claim.state === 'waiting' ? 'quiet' : 'plain'
    return { cells: cellsOf(claim, line, { label, state, age }).map((cell) => frame.clean(cell)), tone }
  })
  const index = rows.findIndex(({ tone }) => tone === 'selected')
  const fits = Math.max(1, room - head.length - 1)
  const first = rows.length <= fits + 1 ? 0 : Math.max(0, index - fits + 1)
  const shown = rows.slice(first, rows.length <= fits + 1 ? rows.length : first + fits)
  const more = rows.length - shown.length
  return [
    ...head,
    ...tableLines('  CLAIM', shown, columns),
    ...(more === 0 ? [] : [{ text: `… and ${more} more claims`, tone: 'quiet' } as const]),
  ]
}
