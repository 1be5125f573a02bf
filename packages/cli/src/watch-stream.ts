/** `holdfast watch` without a terminal: one line or document a change, or one picture. */
import { tellUnreadable } from './look.ts'
import type { Printer } from './printer.ts'
import { printable } from './text.ts'
import { type Display, frameOf, type Showing } from './watch-display.ts'
import { frameLines, type Size } from './watch-frame.ts'
import { changeDocument, changeInWords, polledInWords, timeOfDay } from './watch-words.ts'

const WHOLE: Size = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY }

/** One line a change, the first look included. */
export function stream(printer: Printer, namespace: string, json: boolean, { namesMax, polling }: Showing): Display {
  let isInTrouble = false
  let isPollingTold = false
  let told: ReadonlySet<string> = new Set()
  return {
    namesMax,
    showsEnds: false,
    show({ view }, changes, initial) {
      isInTrouble = false
      const polled = isPollingTold ? undefined : polledInWords(view, polling)
      if (polled !== undefined) printer.tell(polled, { event: 'polled' })
      isPollingTold ||= polled !== undefined
      const unreadable = view?.unreadable ?? []
      for (const each of unreadable) if (!told.has(each.name)) tellUnreadable(printer, each)
      told = new Set(unreadable.map(({ name }) => name))
      const at = new Date()
      for (const change of changes) {
        if (json) printer.document(changeDocument(change, { namespace, at, initial }))
        else printer.line(`${timeOfDay(at)} ${printable(changeInWords(change))}`)
      }
    },
    trouble(words) {
      if (isInTrouble) return
      isInTrouble = true
      printer.tell(words, { event: 'trouble' })
    },
    close: () => undefined,
  }
}

/** One picture without a terminal. */
export function snapshot(printer: Printer, { title, namesMax }: Showing): Display {
  return {
    namesMax,
    showsEnds: true,
    show(live) {
      const frame = frameOf(printer, live, { title })
      if (frame !== undefined) for (const { text } of frameLines(frame, WHOLE)) printer.line(text)
    },
    trouble: () => undefined,
    close: () => undefined,
  }
}
